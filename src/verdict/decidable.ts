import { dueBetween } from '../plan/due.ts'
import { nounOf } from '../plan/noun.ts'
import type { Plan } from '../plan/plan.ts'
import type { DocumentPath, Scenario } from '../scenario/scenario.ts'
import { endsRequest, TIMEOUTS } from '../scenario/timeouts.ts'
import { trim } from '../units.ts'
import { plural } from '../value/show.ts'
import { type Claim, type Counted, claimsOf, quote } from './claim.ts'
import { limitsOf } from './decide.ts'
import { faultsOf } from './fault.ts'
import { neededFor } from './need.ts'
import { type ClusterOf, type PlannedSelection, plannedSelection } from './planned.ts'
import { pointless } from './pointless.ts'
import { phasesOf } from './select.ts'
import { showCount, showPerSecond } from './show.ts'
import { suggest } from './suggest.ts'
import { unrecoverable } from './unrecoverable.ts'

/** A claim that the planned run cannot decide, at its place in the document. */
export interface Undecidable {
  path: DocumentPath
  message: string
  hint: string
}

/**
 * The claims that no run of this plan could pass (too few requests, nothing to measure) or none could fail. They are
 * refused before anything starts; what is only unlikely to be decided is not.
 * @param clusterOf - the cluster that each kind of request is routed to, where that is known
 */
export function undecidable(scenario: Scenario, plan: Plan, clusterOf: ClusterOf = () => undefined): Undecidable[] {
  return scenario.expect.flatMap((expectation, index) =>
    claimsOf(expectation, index).flatMap((claim) => {
      const found = refuse(claim, scenario, plan, clusterOf)
      return found === undefined ? [] : [{ path: claim.path, ...found }]
    }),
  )
}

type Refusal = Omit<Undecidable, 'path'>

function refuse(claim: Claim, scenario: Scenario, plan: Plan, clusterOf: ClusterOf): Refusal | undefined {
  const idle = pointless(claim)
  if (idle !== undefined)
    return { message: `${quote(claim)} ${idle}`, hint: 'ask for something that a run can show to be right or wrong, or leave it out' }
  const phases = phasesOf(claim.expectation, plan)
  // A phase that does not exist is reported where names are checked.
  if (phases.length === 0) return undefined
  if (claim.family === 'recovery') return unrecoverable(claim, plan, clusterOf)
  const selected =
    claim.family === 'count' && claim.of === 'ejections'
      ? whole(claim, plan, clusterOf)
      : plannedSelection(claim.expectation, plan, clusterOf, claim.family === 'share' && claim.of === 'fault_share')
  if ('hint' in selected) return selected
  if (selected.count === 0)
    return { message: `${quote(claim)} would be about no ${nounOf(plan)} in ${where(claim, phases.length)}`, hint: emptyHint(claim) }
  const needed = neededFor(
    claim,
    scenario,
    phases.flatMap((phase) => faultsOf(plan, phase)),
  )
  if (needed === undefined)
    return { message: `no number of ${nounOf(plan)}s decides ${quote(claim)}`, hint: 'leave more room between its limits' }
  if (selected.count < needed) {
    const clean = `${claim.family === 'share' ? 'clean ' : ''}${nounOf(plan)}`
    return {
      message: `${quote(claim)} needs ${plural(needed, clean)} to be decided at 95 % confidence; ${where(claim, phases.length)} has ${showCount(selected.count)}`,
      hint: suggest(claim, selected, needed, plan),
    }
  }
  return tooMany(claim, selected, nounOf(plan)) ?? tooMuch(claim, plan, phases)
}

/** Ejections belong to whole phases: Envoy does not say which request led to one. */
function whole(claim: Claim, plan: Plan, clusterOf: ClusterOf): PlannedSelection | Refusal {
  const { phase, request, given } = claim.expectation
  if (request === undefined && given === undefined) return plannedSelection({ phase }, plan, clusterOf)
  return {
    message: `${claim.metric} are counted by cluster and phase, not by request`,
    hint: `put ${claim.metric} into an expectation without ${request === undefined ? 'given' : 'request'}`,
  }
}

/** What happens at most once to a request cannot happen more often than there are requests. */
function tooMany(claim: Claim, { count }: PlannedSelection, noun: string): Refusal | undefined {
  if (claim.family !== 'count' || !isOncePerRequest(claim.of)) return undefined
  const { least, open } = limitsOf(claim.condition)
  if (open ? least < count : least <= count) return undefined
  return {
    message: `${quote(claim)} can never hold: it is about ${plural(count, noun)}`,
    hint: `ask for at most ${trim(count, 0)}, or plan more ${noun}s`,
  }
}

/** No more requests can be answered than are due until then; some of them may be late ones of the phases before. */
function tooMuch(claim: Claim, { load, phases: planned }: Plan, phases: readonly number[]): Refusal | undefined {
  if (claim.family !== 'throughput' || load.kind !== 'open') return undefined
  const own = phases.flatMap((index) => planned[index] ?? [])
  const ms = own.reduce((sum, { from, to }) => sum + Math.max(0, to - from - 2 * (claim.expectation.settle ?? 0)), 0)
  const [first, end] = dueBetween(load, 0, own.at(-1)?.to ?? 0)
  const most = ((end - first) * 1000) / ms
  const { least, open } = limitsOf(claim.condition)
  if (open ? least < most : least <= most) return undefined
  return {
    message: `${quote(claim)} can never hold: ${plural(end - first, 'request')} until then are ${showPerSecond(most)} at most`,
    hint: 'raise load.rate, or ask for less',
  }
}

const isOncePerRequest = (of: Counted) =>
  of.startsWith('breaker_rejections') || of === 'spare_rejections' || TIMEOUTS.some((by) => endsRequest(by) && of === `timeouts.${by}`)

const where = ({ expectation }: Claim, phases: number) =>
  expectation.phase === undefined ? `the whole run (${plural(phases, 'phase')})` : `phase ${JSON.stringify(expectation.phase)}`

function emptyHint({ expectation, metric }: Claim): string {
  const { given, settle, request, cluster } = expectation
  if (metric === 'fault_share') return 'it needs a phase with a fault whose condition the load meets'
  if (given?.header !== undefined)
    return `no request of load.requests is sent with ${Object.entries(given.header)
      .map(([name, value]) => `${name}: ${value}`)
      .join(' and ')} then`
  if (given?.fault !== undefined && given.fault !== 'none')
    return `the faults of the phase do not include ${given.fault === 'any' ? 'one' : `one of kind ${given.fault}`} that these requests could meet`
  if (given?.fault === 'none') return 'a fault of 100 percent meets all of these requests'
  if (settle !== undefined) return 'settle leaves out the whole phase'
  if (cluster !== undefined) return `no request of the load is routed to ${cluster} then`
  return request === undefined
    ? 'make the phase longer or raise load.rate'
    : `the request ${JSON.stringify(request)} is too rare: raise its weight`
}
