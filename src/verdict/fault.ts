import { isOneOf } from '../fault/attempts.ts'
import { fulfils, hadOf, isPseudo, type RequestTest } from '../fault/when.ts'
import { attemptsOf, clustersOf, faultsAt, type RequestRecord } from '../observe/record.ts'
import { isStraight, type Plan, type PlannedFault } from '../plan/plan.ts'

/** The faults that a phase switches on. */
export function faultsOf(plan: Plan, phase: number): PlannedFault[] {
  return (plan.phases[phase]?.faults ?? []).flatMap((index) => plan.faults[index] ?? [])
}

/** Ids of the faults that a request met, before the router or at an attempt, each once. */
export function metFaults(record: RequestRecord): Set<string> {
  return new Set([...record.calls.flatMap((call) => call.ingressFaults), ...attemptsOf(record).flatMap(faultsAt)])
}

/**
 * Whether a request of this kind is one that the fault could be made on: routed to its cluster, and sent as it asks. What
 * an app makes of a request is its own affair: its path and method, and headers that it may add.
 * @param clusters - where its calls went; undefined when that is not known, and how it is sent alone decides
 */
export function matchesFault(plan: Plan, fault: PlannedFault, request: number, clusters: readonly string[] | undefined): boolean {
  if (clusters !== undefined && !clusters.includes(fault.cluster)) return false
  const sent = plan.requests[request]
  const isOfLoad = isStraight(plan) || fault.chosen !== null
  return sent !== undefined && fulfils(hadOf(sent), isOfLoad ? fault.when : fault.when.filter((test) => !isOfApp(test)))
}

const isOfApp = (test: RequestTest) => isPseudo(test) || test.op === 'absent'

/** Whether a request was one that the fault could be made on, by all that is known of it. */
export function matchedFault(plan: Plan, fault: PlannedFault, record: RequestRecord): boolean {
  if (!matchesFault(plan, fault, record.request, record.joined ? clustersOf(record) : undefined)) return false
  if (!record.joined) return true
  const called = record.calls.filter(({ egress }) => egress.cluster === fault.cluster)
  if (fault.attempts !== null && !called.some((call) => call.attempts.some(({ n }) => isOneOf(fault.attempts, n)))) return false
  if (isStraight(plan) || fault.chosen !== null || !fault.when.some(isOfApp)) return true
  return called.some(({ suits }) => suits === undefined || suits.includes(fault.id))
}

/** `10 %`, as a fault asks for. */
export const percentOf = ({ percent, chosen, ramp }: PlannedFault) =>
  chosen?.source ?? (ramp === undefined ? `${percent} %` : `${ramp.from} to ${ramp.to} %`)
