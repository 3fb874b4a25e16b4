/** The smallest latency that is told from 0, and the largest that is told from infinity, in ms. */
const FROM_MS = 0.01
const TO_MS = 3_600_000
/** Each bucket ends so many times above its start. */
const GROWTH = 1.04
const LN_GROWTH = Math.log(GROWTH)
const BUCKETS = Math.ceil(Math.log(TO_MS / FROM_MS) / LN_GROWTH) + 1

/** No quantile is further from that of the latencies themselves than this share of it: half a bucket. */
export const RELATIVE_ERROR = Math.sqrt(GROWTH) - 1

/** Latencies counted in buckets that grow by 4 %: the memory does not grow with their number. */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(BUCKETS)
  #count = 0

  get count(): number {
    return this.#count
  }

  add(ms: number): void {
    const bucket = ms <= FROM_MS ? 0 : Math.min(BUCKETS - 1, 1 + Math.floor(Math.log(ms / FROM_MS) / LN_GROWTH))
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1
    this.#count++
  }

  merge(other: LatencyHistogram): void {
    for (let i = 0; i < BUCKETS; i++) this.#counts[i] = (this.#counts[i] as number) + (other.#counts[i] as number)
    this.#count += other.#count
  }

  /** How many lie in each bucket, from the lowest, and the latency in ms that none of the bucket exceeds. */
  *buckets(): Generator<{ count: number; upToMs: number }> {
    for (let bucket = 0; bucket < BUCKETS; bucket++) yield { count: this.#counts[bucket] as number, upToMs: FROM_MS * GROWTH ** bucket }
  }

  clear(): void {
    this.#counts.fill(0)
    this.#count = 0
  }

  /** The nearest-rank quantile in ms, within `RELATIVE_ERROR`; null when there is nothing to take it of. */
  quantile(p: number): number | null {
    if (this.#count === 0) return null
    const rank = Math.min(this.#count, Math.max(1, Math.ceil(p * this.#count - 1e-9)))
    let seen = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket] as number
      if (seen >= rank) return bucket === 0 ? FROM_MS : FROM_MS * GROWTH ** (bucket - 0.5)
    }
    return null
  }
}
