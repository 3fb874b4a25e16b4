import type { Plan } from '../plan/plan.ts'
import type { Attempt, Egress } from './record.ts'
import type { PhaseTimes } from './timeline.ts'

/** Clocks of two processes on one machine, in ms, read independently. */
const CLOCK_SLACK_MS = 2

/**
 * Whether a request came to the place of the faults when those of its own phase were not in force: late, because
 * something stalled on the way. It says nothing of its phase. Between phases without faults there is nothing to miss.
 */
export function isStray(plan: Plan, phase: number, times: PhaseTimes, egress: Egress | null, attempts: readonly Attempt[]): boolean {
  const changes = [phase, phase + 1].some((index) => (plan.phases[index]?.faults.length ?? 0) > 0)
  if (!changes || egress === null) return false
  // A wait behind max_connections is the policy's doing, and no reason to leave a request out.
  const arrived = attempts[0]?.hop ? attempts[0].hop.start - attempts[0].poolMs : egress.start
  return arrived > times.to || egress.start < times.applied - CLOCK_SLACK_MS
}
