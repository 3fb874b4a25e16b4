import { isExpectedStatus } from '../plan/success.ts'
import { type Class, NOWHERE, shortest } from './classes.ts'
import type { RequestOutcome } from './outcome.ts'
import { type Played, playRequest } from './request.ts'
import { tryOutcomes } from './try.ts'

/** A class, played through: what becomes of its requests. `outcomes` are those of all of them, by when the caller sees them. */
export interface PlayedClass extends Played {
  /** Of all its requests, those that come to the router; the other figures are averages of these. */
  routed: number
  /** Of all its requests, those with an expected status within the deadline. */
  success: number
}

export interface PlayedShare {
  of: Class
  played: PlayedClass
}

/**
 * What the faults before the router do comes first: an abort is the answer, a delay takes its time and counts for none of
 * the limits of the router.
 * @param tries - in place of those of its policy
 */
export function playClass(each: Class, overheadMs: number, tries = each.policy.tries): PlayedClass {
  const upstream = tryOutcomes(each.upstream, each.tryPolicy, overheadMs)
  const total = { routed: 0, attempts: 0, atStub: 0, busyMs: 0, retryMs: 0 }
  const outcomes: RequestOutcome[] = []
  for (const { chance, delay, abort } of each.ingress) {
    const cut = shortest(each.stream.received, each.stream.answered)
    if (delay > 0 && cut > 0 && delay >= cut) {
      outcomes.push({ chance, ms: cut, status: 504 })
      continue
    }
    if (abort !== null || each.upstream === NOWHERE) {
      outcomes.push({ chance, ms: delay, status: abort ?? NOWHERE.answer.status })
      continue
    }
    const left = each.stream.answered === 0 ? 0 : each.stream.answered - delay
    const played = playRequest(upstream, { ...each.policy, timeout: shortest(each.policy.timeout, left), tries })
    total.routed += chance
    for (const figure of ['attempts', 'atStub', 'busyMs', 'retryMs'] as const) total[figure] += chance * played[figure]
    for (const outcome of played.outcomes) outcomes.push({ ...outcome, chance: chance * outcome.chance, ms: delay + outcome.ms })
  }
  const success = outcomes.reduce((sum, outcome) => sum + (isSuccess(each, outcome, overheadMs) ? outcome.chance : 0), 0)
  const perRouted = (sum: number) => (total.routed === 0 ? 0 : sum / total.routed)
  return {
    outcomes,
    routed: total.routed,
    success: Math.min(1, success),
    attempts: perRouted(total.attempts),
    atStub: perRouted(total.atStub),
    busyMs: perRouted(total.busyMs),
    retryMs: perRouted(total.retryMs),
  }
}

function isSuccess({ kind, deadline }: Class, { status, ms }: RequestOutcome, overheadMs: number): boolean {
  return status !== null && isExpectedStatus(kind.success_status, status) && ms + overheadMs <= deadline
}
