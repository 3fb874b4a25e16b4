import { MinHeap } from '../upstream/heap.ts'
import { type Bounds, staysOf } from './crowd.ts'
import type { Attempt, Call } from './record.ts'
import { CLOCK_SLACK_MS } from './timeline.ts'

/**
 * How many workers of an upstream are taken, as time goes on. A request takes one from when it is on its way to it (in
 * flight at Envoy, and not held by a fault before the replica) until Envoy has the answer; where the caller hung up, until
 * the work is done. More requests than workers at a replica stand in its line and take no more.
 */
export class Occupancy {
  readonly #replicas: readonly { workers: number; surely: Open; perhaps: Open }[]
  /** In flight at Envoy without taking a worker. */
  readonly #held = new Open()
  /** Takes a worker, although Envoy has given it up. */
  readonly #left = new Open()

  /** @param workers - of each replica */
  constructor(workers: readonly number[]) {
    this.#replicas = workers.map((own) => ({ workers: own, surely: new Open(), perhaps: new Open() }))
  }

  get workers(): number {
    return this.#replicas.reduce((sum, { workers }) => sum + workers, 0)
  }

  add(attempt: Attempt, call: Call): void {
    const { pending, inFlight } = staysOf(attempt, call)
    const { stub, replica } = attempt
    const whole = inFlight ?? pending
    if (whole === undefined) return
    const place = this.#replicas[(replica ?? 0) - 1]
    if (stub === null || inFlight === undefined || place === undefined) {
      this.#held.touch(whole.from.least, whole.to.most)
      return
    }
    const isHeld = attempt.hop !== null && attempt.hop.faults.length > 0
    const taken = stub.arrived + (stub.held ?? 0)
    const from = isHeld ? { least: taken, most: taken } : inFlight.from
    if (isHeld) this.#held.touch(inFlight.from.least, taken)
    // What was answered in whole is over when Envoy says so; the work of what was given up goes on.
    const isLeft = attempt.status === 0
    if (isLeft) this.#left.touch(inFlight.to.least, stub.due)
    // Of a fault that the stub makes, only the work surely takes a worker: the answer may come much later, or never.
    place.surely.cover(from.most, stub.fault === undefined ? Math.max(inFlight.to.least, stub.due) : stub.due)
    place.perhaps.touch(from.least, isLeft ? Math.max(inFlight.to.most, stub.due) : inFlight.to.most)
  }

  /**
   * The workers taken throughout an instant and what the clocks leave open around it. Times may not fall from call to call.
   * @param inFlight - how many were in flight at Envoy then, where that is known: as many as a limit that refused allows
   */
  at(ms: number, inFlight?: number): Bounds {
    const [held, left] = [this.#held.at(ms), this.#left.at(ms)]
    const seen = this.#replicas.map(({ workers, surely, perhaps }) => ({ workers, least: surely.at(ms), most: perhaps.at(ms) }))
    const taken = (of: 'least' | 'most') => seen.reduce((sum, each) => sum + Math.min(each[of], each.workers), 0)
    if (inFlight === undefined) return { least: taken('least'), most: taken('most') }
    const sure = seen.reduce((sum, { least }) => sum + least, 0)
    const room = Math.max(0, inFlight + left - sure)
    return { least: taken('least') + fewest(seen, room, inFlight - held - sure), most: Math.min(taken('most'), inFlight + left) }
  }
}

interface Seen {
  workers: number
  least: number
  most: number
}

/**
 * The fewest further workers that some further requests take, wherever they are: first where the line is longest. A
 * bound from below, since each replica is counted by its average.
 * @param room - how many further ones there can be at all
 */
function fewest(replicas: readonly Seen[], room: number, further: number): number {
  const places = replicas
    .map(({ workers, least, most }) => {
      const count = Math.max(0, Math.min(most - least, room))
      return { count, each: count === 0 ? 0 : (Math.min(least + count, workers) - Math.min(least, workers)) / count }
    })
    .sort((a, b) => a.each - b.each)
  let [left, taken] = [further, 0]
  for (const { count, each } of places) {
    const here = Math.min(count, Math.max(0, left))
    taken += here * each
    left -= here
  }
  return Math.ceil(taken - ROUNDING)
}

/** Sums of averages are off by less. */
const ROUNDING = 1e-9

/** Counts what is open, along the time. */
class Open {
  readonly #begins = new MinHeap()
  readonly #ends = new MinHeap()
  #count = 0

  /** Counts where it may be open, given what two clocks may differ by. */
  touch(from: number, to: number): void {
    this.#add(from - CLOCK_SLACK_MS, to + CLOCK_SLACK_MS)
  }

  /** Counts where it is open in any case. */
  cover(from: number, to: number): void {
    this.#add(from + CLOCK_SLACK_MS, to - CLOCK_SLACK_MS)
  }

  #add(from: number, to: number): void {
    if (from >= to) return
    this.#begins.add(from)
    this.#ends.add(to)
  }

  at(ms: number): number {
    for (; isPast(this.#begins, ms); this.#count++) this.#begins.take()
    for (; isPast(this.#ends, ms); this.#count--) this.#ends.take()
    return this.#count
  }
}

const isPast = ({ least }: MinHeap, ms: number) => least !== undefined && least <= ms
