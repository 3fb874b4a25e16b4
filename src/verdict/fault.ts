import { carries } from '../observe/chance.ts'
import { attemptsOf, type RequestRecord } from '../observe/record.ts'
import type { Plan, PlannedFault } from '../plan/plan.ts'

/** The faults that a phase switches on. */
export function faultsOf(plan: Plan, phase: number): PlannedFault[] {
  return (plan.phases[phase]?.faults ?? []).flatMap((index) => plan.faults[index] ?? [])
}

/** Ids of the faults that a request met, before the router or at an attempt, each once. */
export function metFaults(record: RequestRecord): Set<string> {
  return new Set([
    ...record.calls.flatMap((call) => call.ingressFaults),
    ...attemptsOf(record).flatMap((attempt) => attempt.hop?.faults ?? []),
  ])
}

/** Whether a request of this kind is sent with these headers: names in any case, values exactly. */
export function sentWith(plan: Plan, request: number, headers: Readonly<Record<string, string>>): boolean {
  return carries(plan.requests[request]?.headers ?? {}, headers)
}

/**
 * Whether a request is one that the fault could be made on: routed to its cluster and sent with its headers.
 * @param clusters - where its calls went; undefined when that is not known, and the headers alone decide
 */
export function matchesFault(plan: Plan, fault: PlannedFault, request: number, clusters: readonly string[] | undefined): boolean {
  return (clusters === undefined || clusters.includes(fault.cluster)) && sentWith(plan, request, fault.headers)
}

/** `10 %`, as a fault asks for. */
export const percentOf = (fault: PlannedFault) => `${fault.percent} %`
