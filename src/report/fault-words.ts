import { describeAction } from '../fault/registry.ts'
import { describeTest } from '../fault/when.ts'
import { samePlace } from '../observe/chance.ts'
import type { FaultEvidence } from '../observe/observations.ts'
import { type Plan, type PlannedFault, replicasIn } from '../plan/plan.ts'
import { compatibleCounts } from '../statistics/compatible.ts'
import { formatPercent, trim } from '../units.ts'
import { plural } from '../value/show.ts'
import { count, shareOf } from './figures.ts'
import { maskTest } from './mask.ts'

/** `delay 400ms on inventory`, with its replicas, place and condition where they matter. */
export function faultTarget(fault: PlannedFault, replicaCount: number): string {
  const some = fault.at === 'upstream' && fault.replicas.length > 0 && fault.replicas.length < replicaCount
  const where = some ? `${fault.cluster}/${fault.replicas.join('+')}` : fault.cluster
  const attempt = fault.attempts === null ? [] : [`attempt: ${fault.attempts.source}`]
  const tests = [...fault.when.map((test) => describeTest(maskTest(test))), ...attempt]
  return [
    `${describeAction(fault.action)} on ${where}`,
    fault.at === 'ingress' ? ' at ingress' : '',
    tests.length > 0 ? ` when ${tests.join(', ')}` : '',
  ].join('')
}

/** `10% asked: 104 of 998 attempts (10.4%); accepted: 7% .. 13.2%` */
export function askedAndMet(fault: PlannedFault, evidence: FaultEvidence): string {
  const noun = fault.at === 'ingress' ? 'request' : 'attempt'
  const accepted = acceptedShare(fault, evidence)
  const range = accepted === null ? '' : `; accepted: ${formatPercent(accepted.low)} .. ${formatPercent(accepted.high)}`
  const attempts = `${count(evidence.met)} of ${plural(evidence.matched, noun)} (${shareOf(evidence.met, evidence.matched)})`
  if (fault.chosen !== null) {
    const requests = `${count(evidence.metRequests ?? 0)} of ${plural(fault.chosen.requests.size, 'request')}`
    return `${fault.chosen.source} asked: ${requests}${fault.at === 'ingress' ? '' : `, in ${attempts}`}`
  }
  return `${askedOf(fault)} asked: ${attempts}${range}`
}

/** `10%`, `every: 5`; of a later status of several `1% (1.0526% of what is left)` */
export function askedOf({ percent, ofAll, chosen }: PlannedFault): string {
  if (chosen !== null) return chosen.source
  return ofAll === null ? `${trim(percent, 4)}%` : `${trim(ofAll, 4)}% (${trim(percent, 4)}% of what is left)`
}

/**
 * The shares that are compatible with the asked one at so many matches; null without any, and where it is no matter of
 * chance: at 100 %, and of chosen requests.
 */
export function acceptedShare({ percent, chosen }: PlannedFault, { matched }: FaultEvidence): { low: number; high: number } | null {
  if (matched === 0 || percent === 100 || chosen !== null) return null
  const { least, most } = compatibleCounts(matched, percent / 100)
  return { low: least / matched, high: most / matched }
}

/** The sources that do not know of each other: they must agree. Faults of one kind at one place are counted together. */
export function independentSources(fault: PlannedFault, evidence: FaultEvidence, plan: Pick<Plan, 'faults' | 'containers'>): string {
  const isContainer = plan.containers.some(({ cluster }) => cluster === fault.cluster)
  const from = fault.at === 'ingress' ? 'from what passed on' : isContainer ? 'from what the hop sent on' : 'from the stub'
  const others = plan.faults.filter(
    (other) => other.id !== fault.id && other.phase === fault.phase && other.action.kind === fault.action.kind && samePlace(other, fault),
  ).length
  const together = others === 0 ? '' : `, with the other ${others === 1 ? fault.action.kind : plural(others, fault.action.kind)} there`
  return `counted by Envoy ${count(evidence.counted)}, inferred ${from} ${count(evidence.inferred)}${together}`
}

/** How many replicas a cluster has. */
export const replicasOf = (cluster: string, plan: Parameters<typeof replicasIn>[0]): number =>
  replicasIn(plan).filter((replica) => replica.cluster === cluster).length
