import { MinHeap } from './heap.ts'

/** Where an arriving request stands, in the time unit of the queue's caller (ms). */
export interface Place {
  /** When a worker takes it up: at once, or when the first worker comes free. */
  startedMs: number
  /** When that worker is done with it. */
  dueMs: number
  /** Workers at work just after the arrival, this request's own included if it starts at once. */
  busy: number
  /** Requests waiting just after the arrival, this one included if it has to wait. */
  queued: number
}

/**
 * A line of requests before `workers` equal workers, first come first served, on an ideal clock: the whole fate of a
 * request is fixed when it arrives, so a timer that fires late makes an answer late but never eats capacity.
 *
 * ```
 * arrive ──► line ──► worker 1 … workers ──► due
 * ```
 */
export class WorkQueue {
  readonly #workers: number
  /** For each worker with work left: when it has done all that is assigned to it. The others are idle. */
  readonly #freeAt = new MinHeap()
  /** When each waiting request starts. In a FIFO line starts never decrease, so the front is the next to go. */
  #starts: number[] = []
  #front = 0

  /** @param workers - a whole number from 1, or Infinity: then nothing ever waits. */
  constructor(workers: number = Number.POSITIVE_INFINITY) {
    if (!(workers >= 1 && (Number.isInteger(workers) || workers === Number.POSITIVE_INFINITY))) {
      throw new RangeError(`workers must be a whole number from 1, got ${workers}`)
    }
    this.#workers = workers
  }

  /** @param nowMs - never before that of the call before. A worker that comes free at `nowMs` is free. */
  arrive(nowMs: number, serviceMs: number): Place {
    this.#advance(nowMs)
    const startsAtOnce = this.#freeAt.size < this.#workers
    const startedMs = startsAtOnce ? nowMs : (this.#freeAt.take() as number)
    const dueMs = startedMs + serviceMs
    this.#freeAt.add(dueMs)
    if (!startsAtOnce) this.#starts.push(startedMs)
    return { startedMs, dueMs, busy: this.#freeAt.size, queued: this.#starts.length - this.#front }
  }

  /** Sends home the workers that are done by `nowMs`, and takes from the line the requests that have started by then. */
  #advance(nowMs: number): void {
    while ((this.#freeAt.least ?? Number.POSITIVE_INFINITY) <= nowMs) this.#freeAt.take()
    while ((this.#starts[this.#front] ?? Number.POSITIVE_INFINITY) <= nowMs) this.#front++
    // Cutting off the served part only when it is the larger one keeps the cost of an arrival constant on average.
    if (this.#front > 1000 && this.#front * 2 > this.#starts.length) {
      this.#starts = this.#starts.slice(this.#front)
      this.#front = 0
    }
  }
}
