import { describeAction, isAtDoor, kindsIn } from '../fault/registry.ts'
import { describeTest } from '../fault/when.ts'
import { samePlace } from '../observe/chance.ts'
import { slackOf } from '../observe/evidence.ts'
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
  const mean = evidence.ramp === undefined ? '' : `, ${formatPercent(evidence.ramp.expected)} on average`
  return `${askedOf(fault)} asked${mean}: ${attempts}${range}`
}

/** `10%`, `every: 5`; of a later status of several `1% (1.0526% of what is left)` */
export function askedOf({ percent, ofAll, chosen, ramp }: PlannedFault): string {
  if (chosen !== null) return chosen.source
  if (ramp !== undefined) return `${trim(ramp.from, 4)}% to ${trim(ramp.to, 4)}%`
  return ofAll === null ? `${trim(percent, 4)}%` : `${trim(ofAll, 4)}% (${trim(percent, 4)}% of what is left)`
}

/**
 * The shares that are compatible with the asked one at so many matches; null without any, and where it is no matter of
 * chance: at 100 %, and of chosen requests.
 */
export function acceptedShare({ percent, chosen }: PlannedFault, { matched, ramp }: FaultEvidence): { low: number; high: number } | null {
  if (matched > 0 && ramp !== undefined) return { low: ramp.least / matched, high: ramp.most / matched }
  if (matched === 0 || percent === 100 || chosen !== null) return null
  const { least, most } = compatibleCounts(matched, percent / 100)
  return { low: least / matched, high: most / matched }
}

/** The sources that do not know of each other: they must agree. Faults of one kind at one place are counted together. */
/** What is counted of a fault that closes doors is connections, where else it is attempts. */
export function independentSources(fault: PlannedFault, evidence: FaultEvidence, plan: Pick<Plan, 'faults' | 'containers'>): string {
  if (isAtDoor(fault.action))
    return `connections that failed, counted by Envoy ${count(evidence.counted)}, attempts not heard of behind the door ${count(evidence.inferred)}`
  const isContainer = plan.containers.some(({ cluster }) => cluster === fault.cluster)
  const from = fault.at === 'ingress' ? 'from what passed on' : isContainer ? 'from what the hop sent on' : 'from the stub'
  const kinds = kindsIn(fault.action)
  const others = plan.faults.filter(
    (other) =>
      other.id !== fault.id &&
      other.phase === fault.phase &&
      samePlace(other, fault) &&
      kindsIn(other.action).some((kind) => kinds.includes(kind)),
  ).length
  const noun = kinds.length === 1 ? (kinds[0] as string) : 'delay or abort'
  const together = others === 0 ? '' : `, with the other ${others === 1 ? noun : plural(others, noun)} there`
  const { counted, inferred, doubt } = evidence
  // Sources that differ and are believed all the same need a reason.
  const slack = slackOf(counted, inferred)
  const reason =
    Math.abs(counted - inferred) > slack
      ? 'what else took as long counts there, too'
      : `up to ${slack} may fall over the edges of the phase`
  const why = counted === inferred || doubt !== null ? '' : `; ${reason}`
  return `counted by Envoy ${count(counted)}, inferred ${from} ${count(inferred)}${together}${why}`
}

/** How many replicas a cluster has. */
export const replicasOf = (cluster: string, plan: Parameters<typeof replicasIn>[0]): number =>
  replicasIn(plan).filter((replica) => replica.cluster === cluster).length
