import { BEAT_MS } from '../load/pulse.ts'
import type { Stall } from './observations.ts'
import { attemptsOf, type RequestRecord } from './record.ts'
import type { PhaseTimes } from './timeline.ts'

/** A lag beyond this, in ms, is a stall: what happens meanwhile is the machine's doing as much as the policy's. */
const STALL_MS = 20

/** A step that should take no time, and how long it took: `from` to `to`, in ms after the start of the load. */
export type Step = Stall

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

/** How long steps of one kind took. */
export class Lag {
  readonly #ms: number[] = []
  /** Those that took too long. */
  readonly long: Step[] = []

  add(steps: readonly Step[]): void {
    for (const step of steps) {
      this.#ms.push(step.to - step.from)
      if (step.to - step.from > STALL_MS) this.long.push(step)
    }
  }

  /** The 99th percentile and the maximum, in ms; zeros when there were none. */
  get tail(): { p99: number; max: number } {
    const sorted = Float64Array.from(this.#ms).sort()
    return { p99: sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0, max: sorted.at(-1) ?? 0 }
  }
}

/** Steps that took too long, those that overlap made one. */
export function stallsIn(long: readonly Step[]): Stall[] {
  const stalls: Stall[] = []
  for (const step of long.toSorted((a, b) => a.from - b.from)) {
    const last = stalls.at(-1)
    if (last && step.from <= last.to) last.to = Math.max(last.to, step.to)
    else stalls.push({ ...step })
  }
  return stalls
}
