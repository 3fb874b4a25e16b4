import { isStraight, type Plan, type PlannedFault } from '../plan/plan.ts'
import { attemptsOf, type RequestRecord } from './record.ts'
import { CLOCK_SLACK_MS, type PhaseTimes } from './timeline.ts'

/**
 * Whether a request came to the place of the faults when those of its own phase were not in force: late, because
 * something stalled on the way. It says nothing of its phase. Between phases without faults there is nothing to miss.
 * One that met a fault of another phase at a door, which hits what is in flight, is a stray as well.
 * When an app makes its calls is the app's affair: there, only what was sent too late is a stray.
 */
export function isStray(plan: Plan, phase: number, times: PhaseTimes, { sent, calls }: Pick<RequestRecord, 'sent' | 'calls'>): boolean {
  if (metOfOther(plan, phase, calls).length > 0) return true
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

/** The fault of another phase that an attempt of a request met at a door, as a list: empty where none did. */
export function metOfOther({ faults }: Pick<Plan, 'faults'>, phase: number, calls: RequestRecord['calls']): readonly PlannedFault[] {
  const met = attemptsOf({ calls }).flatMap(({ door }) => door ?? [])
  return met.length === 0 ? [] : faults.filter((fault) => fault.phase !== phase && met.includes(fault.id)).slice(0, 1)
}
