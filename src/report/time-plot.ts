import type { Observations } from '../observe/observations.ts'
import { attemptsOf } from '../observe/record.ts'
import { numbersOf, type Records } from '../observe/records.ts'
import { quantile } from '../statistics/quantile.ts'
import { latencyOf } from '../verdict/finding.ts'
import { showFactor } from '../verdict/show.ts'
import { duration, perSecond, shareOf } from './figures.ts'
import type { FinishedRun } from './finished-run.ts'
import { cells, clip, padEnd, printable } from './layout.ts'
import { sparkline } from './sparkline.ts'

/** What the requests of a stretch of a run came to; each belongs to the stretch in which it was due. */
interface Stretch {
  requests: number
  failures: number
  /** In ms; null without requests, infinite where so many were never answered. */
  p99: number | null
  /** For each request; null without requests, and where not all calls of each are known. */
  attempts: number | null
}

export const MOST_BARS = 60
/** A bar is as long as a person would choose it, in ms. */
const LENGTHS = [100, 200, 250, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000]
export const LABEL_CELLS = 10
/** What stands behind the bars, at most. */
export const FIGURE_CELLS = cells('  at most 12.3s, or no answer')
/** So many attempts beyond the first for each request reach the top, or the most there are: a few retries do not look like a storm. */
const ATTEMPTS_TOP = 1

/**
 * Rate, failures, p99 and attempts per request over the time of a run, a bar for each stretch, below its phases; no lines
 * where nothing was seen or where there is no common time (runs of an app).
 * @param say - makes the names of phases safe to show
 * @param most - bars in a line
 */
export function timePlot({ observations, plan }: Pick<FinishedRun, 'observations' | 'plan'>, say = printable, most = MOST_BARS): string[] {
  const phases = (observations?.phases ?? []).filter(({ from, to }) => Number.isFinite(from) && to > from)
  const first = phases[0]?.from ?? 0
  const last = phases.at(-1)?.to ?? 0
  if (observations === null || plan.load.kind === 'runs' || !(last > first)) return []
  const ms = LENGTHS.find((length) => (last - first) / length <= most) ?? Math.ceil((last - first) / most)
  // A phase ends a few ms after its last request was due: that is no bar of its own.
  const count = Math.max(1, Math.ceil((last - first) / ms - 0.1))
  const bars = stretchesOf(observations, first, count, ms)
  if (bars.every(({ requests }) => requests === 0)) return []
  const line = (label: string, values: readonly (number | null)[], top: number, most: string) =>
    `${padEnd(label, LABEL_CELLS)}${sparkline(values, top)}  at most ${most}`
  const rates = bars.map(({ requests }) => requests)
  const failed = bars.map(({ requests, failures }) => (requests === 0 ? null : failures / requests))
  const latencies = bars.map(({ p99 }) => p99)
  const finite = latencies.flatMap((p99) => (p99 !== null && Number.isFinite(p99) ? [p99] : []))
  const slowest = Math.max(0, ...finite)
  const excess = bars.map(({ attempts }) => (attempts === null ? null : Math.max(0, attempts - 1)))
  const attempts = bars.flatMap((bar) => bar.attempts ?? [])
  const unanswered = latencies.some((p99) => p99 === Number.POSITIVE_INFINITY)
  return [
    `${' '.repeat(LABEL_CELLS)}${phases.map((phase, i) => place(say(phase.name), at(phase.from), at(phases[i + 1]?.from ?? phase.to))).join('')}`.trimEnd(),
    line('requests', rates, Math.max(...rates), perSecond(Math.max(...rates), ms)),
    // A share of 100 % reaches the top, whatever else there is.
    line('failed', failed, 1, shareOf(Math.max(0, ...failed.map((share) => share ?? 0)), 1)),
    // Never answered is above all that was.
    line(
      'p99',
      latencies.map((p99) => (p99 === Number.POSITIVE_INFINITY ? slowest || 1 : p99)),
      slowest,
      unanswered ? (finite.length === 0 ? 'no answer' : `${duration(slowest)}, or no answer`) : duration(slowest),
    ),
    // From one attempt each upwards: what retries add to the load.
    ...(attempts.length === 0
      ? []
      : [
          line(
            'attempts',
            excess,
            Math.max(ATTEMPTS_TOP, ...attempts.map((each) => each - 1)),
            `${showFactor(Math.max(...attempts))} each`,
          ),
        ]),
    `${' '.repeat(LABEL_CELLS)}${duration(ms)} a bar, by when requests were due`,
  ]

  /** The bar that begins at a time. */
  function at(time: number): number {
    return Math.min(count, Math.max(0, Math.round((time - first) / ms)))
  }
}

/** The name of a phase over its bars, up to the next one. */
function place(name: string, from: number, to: number): string {
  const room = Math.max(0, to - from)
  return room < 3 ? '│'.padEnd(room).slice(0, room) : `│${padEnd(clip(name, room - 2), room - 1)}`
}

/** The terminal and the files that show a run mostly ask for the same bars. */
const known = new WeakMap<Observations, { key: string; bars: readonly Stretch[] }>()

function stretchesOf(observations: Observations, first: number, count: number, ms: number): readonly Stretch[] {
  const key = `${first} ${count} ${ms}`
  const last = known.get(observations)
  if (last?.key === key) return last.bars
  const bars = stretches(observations.records, first, count, ms)
  known.set(observations, { key, bars })
  return bars
}

function stretches(records: Records, first: number, count: number, ms: number): Stretch[] {
  const barOf = (due: number) => Math.floor((due - first) / ms)
  const dues = numbersOf(records, ({ due }) => due)
  const sizes = new Uint32Array(count)
  for (const due of dues) {
    const bar = barOf(due)
    if (bar >= 0 && bar < count) sizes[bar] = (sizes[bar] as number) + 1
  }
  const all = Array.from(sizes, (size) => ({ requests: 0, failures: 0, attempts: 0, unknown: 0, latencies: new Float64Array(size) }))
  for (const record of records) {
    const own = all[barOf(record.due)]
    if (own === undefined) continue
    own.latencies[own.requests++] = latencyOf(record)
    own.failures += Number(!record.success)
    own.attempts += attemptsOf(record).length
    own.unknown += Number(!record.joined)
  }
  return all.map(({ requests, failures, attempts, unknown, latencies }) => ({
    requests,
    failures,
    attempts: requests === 0 || unknown > 0 ? null : attempts / requests,
    p99: requests === 0 ? null : quantile(latencies.sort(), 0.99),
  }))
}
