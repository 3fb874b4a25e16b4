import { type Bounds, type Crowd, peaksOf } from '../observe/crowd.ts'
import type { Observations } from '../observe/observations.ts'
import { BREAKERS, breakerOf } from '../scenario/policy.ts'
import type { FinishedRun } from './finished-run.ts'

type Breaker = (typeof BREAKERS)[number]

/** How full a breaker was at most in a phase, and at how many it refuses. */
export interface BreakerPeak {
  cluster: string
  breaker: Breaker
  limit: number
  /** The limit is the scenario's own. */
  isSet: boolean
  peak: Bounds
}

/** The peaks of each phase, of all breakers of all clusters. */
export function breakerPeaks({ scenario, plan, observations }: Pick<FinishedRun, 'scenario' | 'plan' | 'observations'>): BreakerPeak[][] {
  if (observations === null) return []
  const clusters = [...new Set(plan.stubs.servers.map((server) => server.cluster))]
  const peaks = peaksOf(observations.records, clusters, observations.phases)
  const full = refusals(observations)
  return observations.phases.map((_, index) =>
    clusters.flatMap((cluster) =>
      BREAKERS.map((breaker): BreakerPeak => {
        const { limit, isSet } = breakerOf(scenario, cluster, breaker)
        const peak = full.has(key(index, cluster, breaker))
          ? { least: limit, most: limit }
          : (peaks.get(cluster)?.[index]?.[COUNTS[breaker]] as Bounds)
        return { cluster, breaker, limit, isSet, peak: { least: Math.min(peak.least, limit), most: Math.min(peak.most, limit) } }
      }),
    ),
  )
}

/** What each breaker counts. */
export const COUNTS: Record<Breaker, Crowd> = { max_requests: 'inFlight', max_pending_requests: 'pending' }

const key = (phase: number, cluster: string | null, breaker: Breaker) => `${phase} ${cluster} ${breaker}`

/** A breaker that refused was full. */
function refusals({ records, phases }: Observations): Set<string> {
  const full = new Set<string>()
  for (const { calls } of records)
    for (const { egress } of calls) {
      if (egress.rejectedBy === null) continue
      const at = egress.start + egress.durationMs
      full.add(
        key(
          phases.findIndex(({ from, to }) => at >= from && at < to),
          egress.cluster,
          egress.rejectedBy,
        ),
      )
    }
  return full
}

export const boundsText = ({ least, most }: Bounds) => (least === most ? String(most) : `${least}..${most}`)
