import { isOneOf } from '../fault/attempts.ts'
import { kindsIn } from '../fault/registry.ts'
import { dueBetween } from '../plan/due.ts'
import { isStraight, type Plan } from '../plan/plan.ts'
import { faultsOf, matchesFault } from './fault.ts'
import { sentAs } from './given.ts'
import { type Filter, phasesOf } from './select.ts'

/** The cluster that a kind of request is routed to (an index into `Plan.requests`); undefined when it is not known. */
export type ClusterOf = (request: number) => string | undefined

export interface PlannedSelection {
  /**
   * How many requests an expectation will be about, as a whole number; what a fault's percentage decides, on average.
   * Infinite where only the run can tell: a closed loop makes as many as are answered.
   */
  count: number
  /** Ms of load that they come from: the phases without what `settle` leaves out. */
  span: number
}

/**
 * How many requests a filter will select, from the planned load. What nobody can know before the run (how many attempts
 * a request will have) leaves out none: claims are refused only when they could never be decided.
 * @param onlyFaulted - only those that match the condition of a fault of their phase (for `fault_share`)
 */
export function plannedSelection(filter: Filter, plan: Plan, clusterOf: ClusterOf, onlyFaulted = false): PlannedSelection {
  let expected = 0
  let span = 0
  for (const index of phasesOf(filter, plan)) {
    const phase = plan.phases[index] ?? { from: 0, to: 0 }
    const from = phase.from + (filter.settle ?? 0)
    const to = Math.max(from, phase.to - (filter.settle ?? 0))
    span += to - from
    countsBetween(plan, from, to).forEach((count, request) => {
      const share = count === 0 ? 0 : chance(filter, plan, clusterOf, index, request, onlyFaulted)
      if (share > 0) expected += count * share
    })
  }
  // Rounded up: a claim that is decidable with luck is not refused.
  return { count: Math.ceil(expected - 1e-9), span }
}

/** How many requests of each kind are due from `from` on and before `to`, in ms; infinitely many may be in a closed loop. */
function countsBetween({ load, requests }: Plan, from: number, to: number): number[] {
  const counts = new Array<number>(requests.length).fill(0)
  // Each run is one, and phases count them.
  if (load.kind === 'runs') return counts.fill(to - from)
  if (load.kind === 'closed') return counts.fill(to > from ? Number.POSITIVE_INFINITY : 0)
  for (const request of load.request.subarray(...dueBetween(load, from, to))) counts[request] = (counts[request] ?? 0) + 1
  return counts
}

/** The chance that a request of this kind, due in this phase, is selected. */
function chance(filter: Filter, plan: Plan, clusterOf: ClusterOf, phase: number, request: number, onlyFaulted: boolean): number {
  const cluster = clusterOf(request)
  if (filter.request !== undefined && plan.requests[request]?.name !== filter.request) return 0
  if (filter.cluster !== undefined && cluster !== undefined && cluster !== filter.cluster) return 0
  if (filter.given !== undefined && !sentAs(filter.given, plan, request)) return 0
  // Of a request that calls several clusters, a claim on one of them is about its faults alone.
  const called = cluster ?? filter.cluster
  const faults = faultsOf(plan, phase).filter((fault) => matchesFault(plan, fault, request, called === undefined ? undefined : [called]))
  if (onlyFaulted && faults.length === 0) return 0
  const asked = filter.given?.none ? 'none' : filter.given?.fault
  if (asked === undefined) return 1
  const kinds = faults.filter((fault) => asked === 'any' || asked === 'none' || kindsIn(fault.action).includes(asked))
  // Where an app stands between, it is not known whether a request calls the cluster of a fault, or how often.
  if (!isStraight(plan) && kinds.length > 0) return 1
  // Nor is it known which requests will be tried again, and not asked here which are chosen.
  if (kinds.some(({ attempts, chosen }) => chosen !== null || !isOneOf(attempts, 1))) return 1
  const spared = kinds.reduce((product, fault) => product * (1 - fault.percent / 100), 1)
  return asked === 'none' ? spared : 1 - spared
}
