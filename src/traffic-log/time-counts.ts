/** Beyond so many bins, they are joined two by two: half a megabyte each, however long a log goes on. */
const MOST_BINS = 1 << 17

/** Events counted by when they were, in bins that begin as wide as asked and become wider where the time is long. Any order will do. */
export class TimeCounts {
  #counts = new Int32Array(1024)
  /** Which bin since 1970 the first one is. */
  #first = Number.NaN
  #width: number

  constructor(widthMs: number) {
    this.#width = widthMs
  }

  get widthMs(): number {
    return this.#width
  }

  add(ms: number): void {
    let bin = Math.floor(ms / this.#width)
    if (Number.isNaN(this.#first)) this.#first = bin
    while (bin < this.#first || bin >= this.#first + this.#counts.length) {
      this.#reach(bin)
      bin = Math.floor(ms / this.#width)
    }
    this.#counts[bin - this.#first] = (this.#counts[bin - this.#first] as number) + 1
  }

  /** Makes the bins as wide as those of another, which began with the same width. */
  widenTo(widthMs: number): void {
    while (this.#width < widthMs) this.#join()
  }

  /** From the first bin to the last, with the time at which each begins, in ms. */
  *bins(): Generator<{ at: number; count: number }> {
    for (let i = 0; i < this.#counts.length; i++) yield { at: (this.#first + i) * this.#width, count: this.#counts[i] as number }
  }

  /** The most in one bin. */
  get most(): number {
    let most = 0
    for (const count of this.#counts) most = Math.max(most, count)
    return most
  }

  #reach(bin: number): void {
    const from = Math.min(this.#first, bin)
    const needed = Math.max(this.#first + this.#counts.length, bin + 1) - from
    if (needed > MOST_BINS) {
      this.#join()
      return
    }
    // A log is mostly in the order of its ends, so what lies before is little.
    const larger = new Int32Array(Math.min(MOST_BINS, Math.max(needed, 2 * this.#counts.length)))
    larger.set(this.#counts, this.#first - from)
    this.#counts = larger
    this.#first = from
  }

  #join(): void {
    const first = Math.floor(this.#first / 2)
    const joined = new Int32Array(Math.floor(this.#counts.length / 2) + 1)
    for (let i = 0; i < this.#counts.length; i++) {
      const at = Math.floor((this.#first + i) / 2) - first
      joined[at] = (joined[at] as number) + (this.#counts[i] as number)
    }
    this.#counts = joined
    this.#first = first
    this.#width *= 2
  }
}

/**
 * The most that were in flight at once: at least as many as at the beginning of some bin, at most those and all that began within it.
 * Both are the same where bins are as fine as the times in the log.
 */
export function mostInFlight(starts: TimeCounts, ends: TimeCounts): { low: number; high: number } {
  const width = Math.max(starts.widthMs, ends.widthMs)
  starts.widenTo(width)
  ends.widenTo(width)
  const ended = new Map<number, number>()
  for (const { at, count } of ends.bins()) if (count > 0) ended.set(at, count)
  // Whatever begins before the first start cannot end before it, so ends without a bin of starts come after the last one.
  let inFlight = 0
  const peak = { low: 0, high: 0 }
  for (const { at, count } of starts.bins()) {
    peak.low = Math.max(peak.low, inFlight)
    peak.high = Math.max(peak.high, inFlight + count)
    inFlight += count - (ended.get(at) ?? 0)
  }
  return { low: Math.max(peak.low, inFlight), high: peak.high }
}
