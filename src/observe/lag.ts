import { BEAT_MS } from '../load/pulse.ts'
import { Lengths } from './lengths.ts'
import type { Stall } from './observations.ts'
import { attemptsOf, type RequestRecord } from './record.ts'
import type { PhaseTimes } from './timeline.ts'

/** A lag beyond this, in ms, is a stall: what happens meanwhile is the machine's doing as much as the policy's. */
const STALL_MS = 20

/** A step that should take no time, and how long it took: `from` to `to`, in ms after the start of the load. */
export interface Step {
  from: number
  to: number
}

/** From the due time to the socket: the generator's own lag. In a closed loop they are one: `PhaseTimes.lateness` has it. */
export const generatorSteps = ({ due, sent }: RequestRecord): Step[] => [{ from: due, to: sent }]

/** Of the pulse of the generator: the late beats of a phase, and those that were in time. */
export function beatSteps({ from, to, lateness }: Pick<PhaseTimes, 'from' | 'to' | 'lateness'>): Step[] {
  const inTime = Math.max(0, Math.floor((to - from) / BEAT_MS) - lateness.beats.length)
  return [...lateness.beats, ...Array.from({ length: inTime }, () => ({ from, to: from }))]
}

/**
 * From the socket to Envoy's log, and from the router to the hop; not what the policy itself makes an attempt wait.
 * @param isStraight - whether nothing stands between the load and Envoy: what an app takes is no lag of Envoy's
 */
export function envoySteps({ sent, calls }: RequestRecord, isStraight: boolean): Step[] {
  return calls.flatMap(({ egress, attempts }) => [
    ...(isStraight ? [{ from: sent, to: egress.start }] : []),
    ...attempts.flatMap(({ start, poolMs, hop }) => (hop ? [{ from: start + poolMs, to: hop.start }] : [])),
  ])
}

/** From the time an answer was due at the stub to the time it was written. */
export function stubSteps(record: RequestRecord): Step[] {
  return attemptsOf(record).flatMap(({ stub }) => (stub && stub.answered !== null ? [{ from: stub.due, to: stub.answered }] : []))
}

/**
 * From the hop to the stub and back. A stub that stands still reads nothing, and what it has not read is not due yet. What a
 * fault holds on that way is left out.
 */
export function betweenSteps(record: RequestRecord): Step[] {
  return attemptsOf(record).flatMap(({ hop, stub }) => {
    if (!hop || !stub || hop.faults.length > 0 || stub.fault !== undefined) return []
    const back = stub.answered === null ? [] : [{ from: stub.answered, to: hop.start + hop.durationMs }]
    return [{ from: hop.start, to: stub.arrived }, ...back]
  })
}

/** How long steps of one kind took. */
export class Lag {
  readonly #lengths = new Lengths()
  /** Those that took too long; what follows one and overlaps it is one with it, so that few are kept where many are long. */
  readonly long: Step[] = []

  add(steps: readonly Step[]): void {
    for (const step of steps) {
      this.#lengths.add(step.to - step.from)
      if (step.to - step.from > STALL_MS) this.#addLong(step)
    }
  }

  #addLong({ from, to }: Step): void {
    const last = this.long.at(-1)
    if (last === undefined || from > last.to || to < last.from) this.long.push({ from, to })
    else {
      last.from = Math.min(last.from, from)
      last.to = Math.max(last.to, to)
    }
  }

  /** The 99th percentile and the maximum, in ms; zeros when there were none. */
  get tail(): { p99: number; max: number } {
    return { p99: this.#lengths.quantile(0.99), max: this.#lengths.longest }
  }
}

/** After so many times the length of a stall, what piled up in it is less than a tenth of what is in flight anyway. */
const MOST_AFTER = 10

/**
 * Steps that took too long, those that overlap made one. What was held comes all at once, and is in flight together with what
 * comes next: for as long as a call takes, or as long again as it piled up.
 * @param callMs - how long a call usually takes
 */
export function stallsIn(long: readonly Step[], callMs: number): Stall[] {
  const steps: Step[] = []
  for (const step of long.toSorted((a, b) => a.from - b.from)) {
    const last = steps.at(-1)
    if (last && step.from <= last.to) last.to = Math.max(last.to, step.to)
    else steps.push({ ...step })
  }
  return steps.map(({ from, to }) => ({ from, to, until: to + Math.min(Math.max(to - from, callMs), MOST_AFTER * (to - from)) }))
}
