import type { PhaseObservation } from '../observe/observations.ts'
import { attemptsOf, isRejected, type RequestRecord } from '../observe/record.ts'
import type { Estimate } from '../statistics/difference.ts'
import { countMean, tallyOf } from '../statistics/mean.ts'
import { quantile, quantileInterval } from '../statistics/quantile.ts'
import { throughput } from '../statistics/throughput.ts'
import { wilson } from '../statistics/wilson.ts'
import { latencyOf } from '../verdict/finding.ts'
import { mostTries } from '../verdict/measure-factor.ts'
import type { FinishedRun } from './finished-run.ts'

export type Figure = 'success_rate' | 'p50' | 'p90' | 'p99' | 'attempts_per_request' | 'breaker_rejections' | 'goodput'

/** What two runs are compared by. */
export interface PhaseFigures {
  name: string
  complete: boolean
  requests: number
  /** In shares, ms, attempts and successes a second; left out where the evidence has none. */
  figures: Partial<Record<Figure, Estimate>>
}

/** Of the requests that were due in each phase and came to its faults, in one walk through all of them. */
export function phaseFigures({ observations, scenario }: Pick<FinishedRun, 'observations' | 'scenario'>): PhaseFigures[] {
  if (observations === null) return []
  const { phases, records } = observations
  const counts = phases.map(() => new PhaseCount())
  for (const record of records) if (!record.stray) counts[record.phase]?.add(record, phases[record.phase] as PhaseObservation)
  return phases.map((phase, index) => (counts[index] as PhaseCount).end(phase, mostTries(scenario)))
}

/** What the requests of one phase add up to. */
class PhaseCount {
  readonly #latencies: number[] = []
  readonly #attempts: number[] = []
  readonly #positions: number[] = []
  readonly #seen = { requests: 0, successes: 0, rejected: 0, unjoined: 0, calls: 1 }

  add(record: RequestRecord, { from, to }: Pick<PhaseObservation, 'from' | 'to'>): void {
    const seen = this.#seen
    seen.requests++
    this.#latencies.push(latencyOf(record))
    this.#attempts.push(attemptsOf(record).length)
    seen.successes += Number(record.success)
    seen.rejected += Number(isRejected(record))
    seen.unjoined += Number(!record.joined)
    seen.calls = Math.max(seen.calls, record.calls.length)
    if (record.success) this.#positions.push(positionOf(record, from, to))
  }

  /** @param tries - the most that one call can make */
  end({ name, complete, from, to }: PhaseObservation, tries: number): PhaseFigures {
    const { requests: n, ...seen } = this.#seen
    if (n === 0) return { name, complete, requests: 0, figures: {} }
    const latencies = Float64Array.from(this.#latencies).sort()
    const share = (count: number): Estimate => ({ value: count / n, ...wilson(count, n) })
    const at = (p: number): Estimate => ({ value: quantile(latencies, p), ...quantileInterval(latencies, p) })
    const mean = countMean(tallyOf(Uint32Array.from(this.#attempts)), tries * seen.calls)
    const rate = throughput(this.#positions, n - seen.successes, (to - from) / 1000)
    return {
      name,
      complete,
      requests: n,
      figures: {
        success_rate: share(seen.successes),
        p50: at(0.5),
        p90: at(0.9),
        p99: at(0.99),
        // Where not all calls are known, what was not seen is not none.
        ...(seen.unjoined > 0 ? {} : { breaker_rejections: share(seen.rejected) }),
        ...(seen.unjoined > 0 || mean === undefined ? {} : { attempts_per_request: { value: mean.mean, low: mean.low, high: mean.high } }),
        ...(rate === undefined ? {} : { goodput: { value: rate.mean, low: rate.low, high: rate.high } }),
      },
    }
  }
}

/** When it was answered, as a part of its phase; what was answered after it counts at its end. */
const positionOf = ({ end, due }: RequestRecord, from: number, to: number) =>
  Math.min(1 - Number.EPSILON, Math.max(0, ((end ?? due) - from) / (to - from)))
