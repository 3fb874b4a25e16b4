import { OpenStays } from './open-stays.ts'
import type { Attempt, Call } from './record.ts'
import type { Records } from './records.ts'

/**
 * How many requests of a cluster shared an instant, rebuilt from when its attempts began and ended: bursts fall between
 * two readings of a gauge.
 */

/** A count, or a time, that whole milliseconds in a log leave open by a little. */
export interface Bounds {
  least: number
  most: number
}

/**
 * What the limits of a circuit breaker count: requests on a connection (`max_requests`; with HTTP/1.1 as many connections
 * are busy), in line for one (`max_pending_requests`), and retries, from the back-off before them on (`max_retries`).
 */
export const CROWDS = ['inFlight', 'pending', 'retrying'] as const
export type Crowd = (typeof CROWDS)[number]

/** From when to when, each between two times. */
export interface Stay {
  from: Bounds
  to: Bounds
}

/** What Envoy cuts off where it logs whole milliseconds. */
const CUT_OFF_MS = 1

export function staysOf(attempt: Attempt, call: Call): Partial<Record<Exclude<Crowd, 'retrying'>, Stay>> {
  const { start, poolMs, hop } = attempt
  const end = endOf(attempt, call)
  const begun = { least: start, most: start }
  // It was in line to its end.
  if (hop === null) return { pending: { from: begun, to: end } }
  // The hop has seen it only once it was on a connection.
  const onConnection = { least: start + poolMs, most: Math.min(start + poolMs + CUT_OFF_MS, Math.max(start + poolMs, hop.start)) }
  return { pending: { from: begun, to: onConnection }, inFlight: { from: onConnection, to: end } }
}

/** No attempt outlasts its call, and that is logged to a microsecond. */
function endOf({ start, durationMs }: Attempt, { egress }: Call): Bounds {
  return { least: start + durationMs, most: Math.min(start + durationMs + CUT_OFF_MS, egress.start + egress.durationMs) }
}

/** From the end of the try before, or where that goes on (hedging) from its own start, to its own end. */
function retriesOf(call: Call): Stay[] {
  const { attempts, egress } = call
  const made = attempts.slice(1).map((attempt, i): Stay => {
    const before = endOf(attempts[i] as Attempt, call)
    return {
      from: { least: Math.min(before.least, attempt.start), most: Math.min(before.most, attempt.start) },
      to: endOf(attempt, call),
    }
  })
  const last = attempts.at(-1)
  // The call ended in the back-off after its last try: the next one was refused, or a limit of the whole ran out.
  const isWaiting = egress.rejectedBy !== null || (egress.cutBy !== null && egress.cutBy !== last?.cutBy)
  if (last === undefined || !isWaiting) return made
  const end = egress.start + egress.durationMs
  return [...made, { from: endOf(last, call), to: { least: end, most: end } }]
}

/** What of a call counts in a crowd. */
export function staysIn(call: Call, crowd: Crowd): Stay[] {
  return crowd === 'retrying' ? retriesOf(call) : call.attempts.flatMap((attempt) => staysOf(attempt, call)[crowd] ?? [])
}

/** How many there were at an instant, in ms after the start of the load. */
export function crowdAt(records: Records, cluster: string, crowd: Crowd, ms: number): Bounds {
  const bounds = { least: 0, most: 0 }
  for (const { calls } of records)
    for (const call of calls) {
      if (call.egress.cluster !== cluster) continue
      for (const { from, to } of staysIn(call, crowd)) {
        if (from.most <= ms && ms < to.least) bounds.least++
        if (from.least <= ms && ms < to.most) bounds.most++
      }
    }
  return bounds
}

export type Peaks = Record<Crowd, Bounds>

/**
 * The most at any instant of each phase, by cluster. Goes through the records once, and keeps only what is in flight.
 * @param phases - in order, as they really were
 */
export function peaksOf(
  records: Records,
  clusters: readonly string[],
  phases: readonly { from: number; to: number }[],
): Map<string, Peaks[]> {
  const sweeps = new Map(clusters.map((cluster) => [cluster, forEach(() => new BoundedSweep(phases))]))
  for (const { due, calls } of records) {
    // Nothing that comes later in the records begins before it is due.
    for (const sweep of sweeps.values()) for (const crowd of CROWDS) sweep[crowd].upTo(due)
    for (const call of calls) {
      const sweep = sweeps.get(call.egress.cluster ?? '')
      if (!sweep) continue
      for (const crowd of CROWDS) for (const stay of staysIn(call, crowd)) sweep[crowd].add(stay)
    }
  }
  return new Map(
    [...sweeps].map(([cluster, sweep]) => {
      const ends = forEach((crowd) => sweep[crowd].end())
      return [cluster, phases.map((_, i) => forEach((crowd) => ends[crowd][i] as Bounds))]
    }),
  )
}

const forEach = <T>(make: (crowd: Crowd) => T) => Object.fromEntries(CROWDS.map((crowd) => [crowd, make(crowd)])) as Record<Crowd, T>

class BoundedSweep {
  readonly #shortest: Sweep
  readonly #longest: Sweep

  constructor(phases: readonly { from: number; to: number }[]) {
    this.#shortest = new Sweep(phases)
    this.#longest = new Sweep(phases)
  }

  add({ from, to }: Stay): void {
    this.#shortest.add(from.most, to.least)
    this.#longest.add(from.least, to.most)
  }

  upTo(ms: number): void {
    this.#shortest.upTo(ms)
    this.#longest.upTo(ms)
  }

  end(): Bounds[] {
    this.upTo(Number.POSITIVE_INFINITY)
    return this.#shortest.peaks.map((least, i) => ({ least, most: this.#longest.peaks[i] as number }))
  }
}

/** The most that is open at once in each phase. */
class Sweep {
  readonly peaks: number[]
  readonly #phases: readonly { from: number; to: number }[]
  readonly #stays = new OpenStays()
  #phase = -1

  constructor(phases: readonly { from: number; to: number }[]) {
    this.#phases = phases
    this.peaks = phases.map(() => 0)
  }

  add(from: number, to: number): void {
    this.#stays.add(from, to)
  }

  upTo(ms: number): void {
    this.#stays.upTo(ms, (at, what) => {
      this.#enterPhases(what === 'end' ? (from) => from < at : (from) => from <= at)
      if (what === 'begin') this.#note(at, this.#stays.open + 1)
    })
  }

  /** What is open when a phase begins counts in it, too. */
  #enterPhases(isPast: (from: number) => boolean): void {
    for (let next = this.#phases[this.#phase + 1]; next && isPast(next.from); next = this.#phases[this.#phase + 1]) {
      this.#phase++
      this.#note(next.from, this.#stays.open)
    }
  }

  #note(at: number, open: number): void {
    const phase = this.#phases[this.#phase]
    if (phase && at < phase.to) this.peaks[this.#phase] = Math.max(this.peaks[this.#phase] as number, open)
  }
}
