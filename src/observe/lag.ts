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

const MICROS_PER_MS = 1000
/** In microseconds: from here on a length is rounded up to `COARSE`, or a starved machine would make each length another. */
const LONG = 10_000
const COARSE = 100

/**
 * How long steps of one kind took, to a microsecond or, where they took long, 0.1 ms: how many of each length, since a
 * long run has many steps of few lengths.
 */
export class Lag {
  readonly #counts = new Map<number, number>()
  #count = 0
  /** Those that took too long; what follows one and overlaps it is one with it, so that few are kept where many are long. */
  readonly long: Step[] = []

  add(steps: readonly Step[]): void {
    for (const step of steps) {
      const exact = Math.round((step.to - step.from) * MICROS_PER_MS)
      const micros = exact < LONG ? exact : Math.ceil(exact / COARSE) * COARSE
      this.#counts.set(micros, (this.#counts.get(micros) ?? 0) + 1)
      this.#count++
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
    // What is not a number counts as the longest, as it does in a sorted Float64Array.
    const longestFirst = Float64Array.from(this.#counts.keys()).sort().reverse()
    let above = this.#count - Math.ceil(this.#count * 0.99)
    let p99 = 0
    for (const micros of longestFirst) {
      p99 = micros
      above -= this.#counts.get(micros) as number
      if (above < 0) break
    }
    return { p99: p99 / MICROS_PER_MS, max: (longestFirst[0] ?? 0) / MICROS_PER_MS }
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
