import { attemptsOf, type RequestRecord } from '../observe/record.ts'
import { LatencyHistogram } from '../statistics/latency-histogram.ts'
import { causeOf } from '../verdict/cause.ts'
import { latencyOf } from '../verdict/finding.ts'
import { type Axis, HEAT_GROWTH, type Traffic } from './page-data.ts'
import { Row, stretchAt } from './time-axis.ts'

/** Causes that get a row of their own; of the rest there is one row together. */
const MOST_CAUSES = 8
/** Where each request has a cause of its own, they are not all kept. */
const MOST_KNOWN = 200
const OTHER = 'other causes'
const LN_GROWTH = Math.log(HEAT_GROWTH)
/** 10^6 ms. */
const HEAT_ROWS = 48

/** What clients saw, and what was made of it towards the upstreams, over the time. */
export class TrafficCount {
  readonly #axis: Axis
  readonly #deadline: number
  readonly #offered: Row
  readonly #served: Row
  readonly #attempts: Row
  readonly #firstTries: Row
  readonly #retries: Row
  readonly #causes = new Map<string, { count: number; row: Row }>()
  readonly #latency: (LatencyHistogram | undefined)[] = []
  readonly #heat: Uint32Array

  constructor(axis: Axis, deadline: number) {
    this.#axis = axis
    this.#deadline = deadline
    this.#offered = new Row(axis)
    this.#served = new Row(axis)
    this.#attempts = new Row(axis)
    this.#firstTries = new Row(axis)
    this.#retries = new Row(axis)
    this.#heat = new Uint32Array(axis.count * HEAT_ROWS)
  }

  /** @returns why it was no success; null of a success */
  add(record: RequestRecord): string | null {
    const { due, end } = record
    this.#offered.add(due)
    this.#addLatency(due, latencyOf(record))
    this.#attempts.add(due, attemptsOf(record).length)
    for (const { attempts } of record.calls) for (const { n, start } of attempts) (n === 1 ? this.#firstTries : this.#retries).add(start)
    if (record.success) {
      this.#served.add(end ?? due)
      return null
    }
    const cause = causeOf(record, this.#deadline)
    const known = this.#causes.has(cause) || this.#causes.size < MOST_KNOWN ? cause : OTHER
    const own = this.#causes.get(known) ?? { count: 0, row: new Row(this.#axis) }
    this.#causes.set(known, own)
    own.count++
    // It was none as soon as its deadline was over.
    own.row.add(Math.min(end ?? Number.POSITIVE_INFINITY, due + this.#deadline))
    return cause
  }

  end(): Traffic {
    const quantiles = (p: number) =>
      this.#offered.counts.map((_, i) => {
        const ms = this.#latency[i]?.quantile(p) ?? null
        return ms === null ? null : Number(ms.toPrecision(3))
      })
    return {
      offered: this.#offered.counts,
      served: this.#served.counts,
      failures: this.#failures(),
      latency: { p50: quantiles(0.5), p90: quantiles(0.9), p99: quantiles(0.99) },
      heat: [...this.#cells()],
      attempts: this.#attempts.counts,
      firstTries: this.#firstTries.counts,
      retries: this.#retries.counts,
    }
  }

  #addLatency(due: number, ms: number): void {
    const at = stretchAt(this.#axis, due)
    if (at < 0 || !Number.isFinite(ms)) return
    this.#latency[at] ??= new LatencyHistogram()
    this.#latency[at].add(ms)
    const row = Math.min(HEAT_ROWS - 1, Math.max(0, Math.floor(Math.log(Math.max(ms, 1)) / LN_GROWTH)))
    const cell = at * HEAT_ROWS + row
    this.#heat[cell] = (this.#heat[cell] as number) + 1
  }

  *#cells(): Generator<number> {
    for (let cell = 0; cell < this.#heat.length; cell++) {
      const count = this.#heat[cell] as number
      if (count > 0) yield* [Math.floor(cell / HEAT_ROWS), cell % HEAT_ROWS, count]
    }
  }

  #failures(): Traffic['failures'] {
    const ranked = [...this.#causes].sort(
      ([a, { count: many }], [b, { count: few }]) => Number(a === OTHER) - Number(b === OTHER) || few - many,
    )
    const shown = ranked.length > MOST_CAUSES ? ranked.slice(0, MOST_CAUSES - 1) : ranked
    const rest = ranked.slice(shown.length)
    const rows = shown.map(([cause, { count, row }]) => ({ cause, count, at: row.counts }))
    if (rest.length === 0) return rows
    const at = rows[0]?.at.map((_, i) => rest.reduce((sum, [, { row }]) => sum + (row.counts[i] as number), 0)) ?? []
    return [...rows, { cause: OTHER, count: rest.reduce((sum, [, { count }]) => sum + count, 0), at }]
  }
}
