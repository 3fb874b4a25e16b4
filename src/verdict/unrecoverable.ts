import type { Plan } from '../plan/plan.ts'
import { formatMs, trim } from '../units.ts'
import { type ClaimOf, quote } from './claim.ts'
import { WINDOW, WINDOW_REQUESTS } from './limits.ts'
import { recoveryLength, recoveryPhases } from './measure-recovery.ts'
import { type ClusterOf, plannedSelection } from './planned.ts'
import { windowCount } from './window.ts'

/** Why a run of this plan could not show a recovery, if it could not. */
export function unrecoverable(claim: ClaimOf<'recovery'>, plan: Plan, clusterOf: ClusterOf): { message: string; hint: string } | undefined {
  const phases = recoveryPhases(claim, plan)
  if ('why' in phases)
    return {
      message: `${quote(claim)} cannot be judged: ${phases.why}`,
      hint: 'put a phase without faults first, then the one with the fault, and claim it of the phase right after',
    }
  const { settle: _, ...filter } = claim.expectation
  const { from, to } = plan.phases[phases.recovery] ?? { from: 0, to: 0 }
  const name = JSON.stringify(filter.phase)
  const least = recoveryLength(claim.condition)
  if (to - from < least)
    return {
      message: `${quote(claim)} needs a phase of at least ${formatMs(least)}, so that later windows of ${WINDOW}ms can show that it lasts; phase ${name} has ${formatMs(to - from)}`,
      hint: `make it ${formatMs(least)} long, or ask for less`,
    }
  const perWindow = plannedSelection(filter, plan, clusterOf).count / windowCount(to - from)
  if (perWindow < WINDOW_REQUESTS)
    return {
      message: `${quote(claim)} needs ${WINDOW_REQUESTS} requests in each window of ${WINDOW}ms; phase ${name} has ${trim(perWindow, 1)}`,
      hint: `raise load.rate so that ${trim((WINDOW_REQUESTS * 1000) / WINDOW, 0)} a second are selected`,
    }
  const baseline = plan.phases[phases.baseline]?.name
  const before = plannedSelection({ ...filter, phase: baseline }, plan, clusterOf).count
  if (before >= WINDOW_REQUESTS) return undefined
  return {
    message: `${quote(claim)} compares with the baseline, phase ${JSON.stringify(baseline)}, which has ${before} such requests and needs ${WINDOW_REQUESTS}`,
    hint: 'make the baseline longer',
  }
}
