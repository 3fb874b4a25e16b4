import { LatencyHistogram } from '../statistics/latency-histogram.ts'

/** What became of the requests of some span of time, in a memory that does not grow with their number. */
export class Tally {
  sent = 0
  ended = 0
  failed = 0
  readonly latency = new LatencyHistogram()

  end(latencyMs: number, success: boolean): void {
    this.ended++
    if (!success) this.failed++
    this.latency.add(latencyMs)
  }

  add(other: Tally): void {
    this.sent += other.sent
    this.ended += other.ended
    this.failed += other.failed
    this.latency.merge(other.latency)
  }

  clear(): void {
    this.sent = this.ended = this.failed = 0
    this.latency.clear()
  }

  /** Null when nothing ended. */
  get errorShare(): number | null {
    return this.ended === 0 ? null : this.failed / this.ended
  }
}
