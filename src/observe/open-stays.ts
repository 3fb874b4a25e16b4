import { MinHeap } from '../upstream/heap.ts'

/** How many stays are open at once: goes along the time, from one begin or end to the next, and keeps only what is open. */
export class OpenStays {
  readonly #begins = new MinHeap()
  readonly #ends = new MinHeap()
  #open = 0

  get open(): number {
    return this.#open
  }

  /** From a time on that was not passed yet. */
  add(from: number, to: number): void {
    if (from >= to) return
    this.#begins.add(from)
    this.#ends.add(to)
  }

  /**
   * Passes all that begins or ends before this time.
   * @param pass - told of each, while it does not count yet
   */
  upTo(ms: number, pass: (at: number, what: 'begin' | 'end') => void): void {
    for (;;) {
      const [begin, end] = [this.#begins.least ?? Number.POSITIVE_INFINITY, this.#ends.least ?? Number.POSITIVE_INFINITY]
      const at = Math.min(begin, end)
      if (at >= ms) return
      // One that ends as another begins has left its place to it.
      if (end <= begin) {
        pass(at, 'end')
        this.#ends.take()
        this.#open--
      } else {
        pass(at, 'begin')
        this.#begins.take()
        this.#open++
      }
    }
  }
}
