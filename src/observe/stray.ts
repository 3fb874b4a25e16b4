import { isStraight, type Plan } from '../plan/plan.ts'
import type { RequestRecord } from './record.ts'
import { CLOCK_SLACK_MS, type PhaseTimes } from './timeline.ts'

/**
 * Whether a request came to the place of the faults when those of its own phase were not in force: late, because
 * something stalled on the way. It says nothing of its phase. Between phases without faults there is nothing to miss.
 * When an app makes its calls is the app's affair: there, only what was sent too late is a stray.
 */
export function isStray(plan: Plan, phase: number, times: PhaseTimes, { sent, calls }: Pick<RequestRecord, 'sent' | 'calls'>): boolean {
  const changing = plan.faults.filter((fault) => fault.phase === phase || fault.phase === phase + 1)
  if (changing.length === 0) return false
  if (!isStraight(plan)) return sent > times.to || sent < times.applied - CLOCK_SLACK_MS
  const [call] = calls
  if (call === undefined) return false
  const { egress, attempts, ingressFaults } = call
  const hop = attempts[0]?.hop ?? null
  // What a fault before the router, or max_connections, makes a request wait is no stall, and no reason to leave it out.
  const isHeldUp = ingressFaults.length > 0
  const atHop = changing.some((fault) => fault.at === 'upstream') && hop !== null && !isHeldUp
  const arrived = atHop ? hop.start - (attempts[0]?.poolMs ?? 0) : egress.start
  return arrived > times.to || egress.start < times.applied - CLOCK_SLACK_MS
}
