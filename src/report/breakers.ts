import { type Bounds, type Crowd, peaksOf } from '../observe/crowd.ts'
import type { Egress } from '../observe/record.ts'
import { clustersIn, type Plan } from '../plan/plan.ts'
import { BREAKERS, type Breaker, breakerOf } from '../scenario/policy.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { stretchesOf } from '../scenario/shape.ts'
import type { FinishedRun } from './finished-run.ts'

/** What limits a cluster: where there is a retry_budget, it takes the place of max_retries. */
export type Limiter = Breaker | 'retry_budget'

/** How full a breaker was at most in a phase, and what it refused then. */
export interface BreakerPeak {
  cluster: string
  breaker: Limiter
  /** Null of a budget: that moves with the load. */
  limit: number | null
  /** The limit is the scenario's own. */
  isSet: boolean
  peak: Bounds
  refusals: Refusals
}

/** Of requests that were due in a phase. A suppressed retry is a refusal, too; max_connections refuses nothing. */
export interface Refusals {
  count: number
  /** Null without any. */
  first: FirstRefusal | null
}

export interface FirstRefusal {
  /** Ms after the start of its phase. */
  after: number
  /** Requests per second that the phase had come to by then, without its bursts; null where the load is no open loop. */
  offered: number | null
  /** The phase has bursts besides. */
  bursts: boolean
}

type Told = Pick<FinishedRun, 'scenario' | 'plan' | 'observations'>

/** The peaks of each phase, of all breakers of all clusters that are in force. */
export function breakerPeaks({ scenario, plan, observations }: Told): BreakerPeak[][] {
  if (observations === null) return []
  const { records, phases } = observations
  const clusters = clustersIn(plan)
  const peaks = peaksOf(records, clusters, phases)
  const refused = refusalsIn({ scenario, plan, observations })
  return phases.map(({ connectionOverflows }, phase) =>
    clusters.flatMap((cluster) =>
      limitersOf(cluster, plan).map((breaker): BreakerPeak => {
        const { limit, isSet } = breaker === 'retry_budget' ? { limit: null, isSet: true } : breakerOf(scenario, cluster, breaker)
        const counted = peaks.get(cluster)?.[phase]?.[COUNTS[breaker]] as Bounds
        const wasFull =
          refused.full.has(key(phase, cluster, breaker)) || (breaker === 'max_connections' && (connectionOverflows[cluster] ?? 0) > 0)
        const most = limit ?? counted.most
        const peak =
          wasFull && limit !== null ? { least: limit, most } : { least: Math.min(counted.least, most), most: Math.min(counted.most, most) }
        return {
          cluster,
          breaker,
          limit,
          isSet,
          peak,
          refusals: refused.of.get(key(phase, cluster, breaker)) ?? { count: 0, first: null },
        }
      }),
    ),
  )
}

const limitersOf = (cluster: string, { policy }: Plan): Limiter[] =>
  BREAKERS.map((breaker) => (breaker === 'max_retries' && policy.budgetedClusters.includes(cluster) ? 'retry_budget' : breaker))

/** What each breaker counts. */
export const COUNTS: Record<Limiter, Crowd> = {
  max_connections: 'inFlight',
  max_pending_requests: 'pending',
  max_requests: 'inFlight',
  max_retries: 'retrying',
  retry_budget: 'retrying',
}

const key = (phase: number, cluster: string | null, breaker: Limiter) => `${phase} ${cluster} ${breaker}`

/** What was refused, by the phase in which the request was due; and which breakers were full when, since one that refused was. */
function refusalsIn({ scenario, plan, observations }: Told): { of: Map<string, Refusals>; full: Set<string> } {
  const of = new Map<string, Refusals>()
  const full = new Set<string>()
  const phases = observations?.phases ?? []
  for (const { phase, calls } of observations?.records ?? [])
    for (const { egress } of calls) {
      const breaker = refuserOf(egress)
      if (breaker === null) continue
      const at = egress.start + egress.durationMs
      const then = phases.findIndex(({ from, to }) => at >= from && at < to)
      full.add(key(then, egress.cluster, breaker))
      const after = at - (phases[phase]?.from ?? 0)
      const known = of.get(key(phase, egress.cluster, breaker))
      const isFirst = known?.first == null || after < known.first.after
      const first = isFirst ? { after, ...loadAt(scenario, plan, phase, after) } : (known?.first ?? null)
      of.set(key(phase, egress.cluster, breaker), { count: (known?.count ?? 0) + 1, first })
    }
  return { of, full }
}

const refuserOf = ({ rejectedBy, retrySuppressedBy }: Egress): Limiter | null => rejectedBy ?? retrySuppressedBy

/** The rate of the load at a time of a phase: of a ramp, as far as it had come. */
function loadAt(scenario: Scenario, plan: Plan, phase: number, after: number): Pick<FirstRefusal, 'offered' | 'bursts'> {
  // The warm-up comes before the phases.
  const stretch = plan.load.kind === 'open' ? stretchesOf(scenario).at(phase - plan.phases.length) : undefined
  if (stretch === undefined) return { offered: null, bursts: false }
  const offered = stretch.from + (stretch.to - stretch.from) * Math.min(1, Math.max(0, after / stretch.ms))
  return { offered, bursts: stretch.bursts !== undefined }
}

export const boundsText = ({ least, most }: Bounds) => (least === most ? String(most) : `${least}..${most}`)
