import { isExpectedAnswer } from '../plan/success.ts'
import { type Class, shortest } from './classes.ts'
import type { RequestOutcome } from './outcome.ts'
import { type Played, playRequest } from './request.ts'
import { isGrpcTold, type Told, toldOf } from './told.ts'
import { triesAt } from './try.ts'

/** A class, played through: what becomes of its requests. */
export interface PlayedClass extends Omit<Played, 'outcomes'> {
  /** Of all its requests, those that come to the router; tries and times are averages of these. */
  routed: number
  /** Of all its requests, by what their caller gets: how many, and how many of those within the deadline. */
  answers: readonly { status: Told | null; share: number; inTime: number }[]
  /** From the due time to the end, on average of all its requests. */
  meanMs: number
  /** Of all its requests, those with an expected status within the deadline. */
  success: number
}

export interface PlayedShare {
  of: Class
  played: PlayedClass
}

/** Plays classes, those that go the same ways once. @returns as a function of a class, what the machine adds to a try (ms), and the tries in place of those of its policy */
export function player(): (each: Class, overheadMs: number, tries?: number) => PlayedClass {
  const known = new Map<string, Fate>()
  return (each, overheadMs, tries = each.policy.tries) => {
    const key = `${each.key} ${overheadMs} ${tries}`
    const fate = known.get(key) ?? play(each, overheadMs, tries)
    known.set(key, fate)
    const expected = fate.answers.filter(({ status }) => status !== null && isExpected(each, status))
    const success = expected.reduce((sum, { inTime }) => sum + inTime, 0)
    return { ...fate, success: Math.min(1, success) }
  }
}

function isExpected({ kind, upstream: { grpc } }: Class, told: Told): boolean {
  const isGrpc = isGrpcTold(told)
  return isExpectedAnswer({ successStatus: kind.success_status, ...(grpc ? { grpc } : {}) }, isGrpc ? 200 : told, isGrpc ? told : null)
}

type Fate = Omit<PlayedClass, 'success'>

/**
 * What the faults before the router do comes first: an abort is the answer, a delay takes its time and counts for none of
 * the limits of the router.
 */
function play(each: Class, overheadMs: number, tries: number): Fate {
  const upstream = overheadMs === 0 ? each.tries : triesAt(each.upstream, each.tryPolicy, overheadMs)
  const total = { routed: 0, attempts: 0, atStub: 0, busyMs: 0, retryMs: 0 }
  const outcomes: RequestOutcome[] = []
  for (const { chance, delay, abort } of each.ingress) {
    const cut = shortest(each.stream.received, each.stream.answered)
    if (delay > 0 && cut > 0 && delay >= cut) {
      outcomes.push({ chance, ms: cut, status: cut === each.stream.answered ? each.stream.told : toldOf(each.upstream.grpc, 504) })
      continue
    }
    if (abort !== null || each.upstream.groups.length === 0) {
      outcomes.push({ chance, ms: delay, status: (abort ?? each.upstream.answer).status })
      continue
    }
    const left = each.stream.answered === 0 ? 0 : each.stream.answered - delay
    const timeout = shortest(each.policy.timeout, left)
    const timeoutStatus = timeout === left ? each.stream.told : each.policy.timeoutStatus
    const played = playRequest(upstream, { ...each.policy, timeout, timeoutStatus, tries })
    total.routed += chance
    for (const figure of ['attempts', 'atStub', 'busyMs', 'retryMs'] as const) total[figure] += chance * played[figure]
    for (const outcome of played.outcomes) outcomes.push({ ...outcome, chance: chance * outcome.chance, ms: delay + outcome.ms })
  }
  const perRouted = (sum: number) => (total.routed === 0 ? 0 : sum / total.routed)
  return {
    answers: answersOf(outcomes, each.deadline - overheadMs),
    meanMs: outcomes.reduce((sum, { chance, ms }) => sum + chance * ms, 0),
    routed: total.routed,
    attempts: perRouted(total.attempts),
    atStub: perRouted(total.atStub),
    busyMs: perRouted(total.busyMs),
    retryMs: perRouted(total.retryMs),
  }
}

function answersOf(outcomes: readonly RequestOutcome[], within: number): PlayedClass['answers'] {
  const answers = new Map<Told | null, { status: Told | null; share: number; inTime: number }>()
  for (const { status, chance, ms } of outcomes) {
    const answer = answers.get(status) ?? { status, share: 0, inTime: 0 }
    answer.share += chance
    if (ms <= within) answer.inTime += chance
    answers.set(status, answer)
  }
  return [...answers.values()].toSorted((a, b) => b.share - a.share)
}
