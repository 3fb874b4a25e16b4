import { BREAK_KNOWN_MS, type RequestOutcome } from './outcome.ts'
import type { Told } from './told.ts'
import { nthTry, type Tries } from './try.ts'

export interface RequestPolicy {
  /** Tries in all. */
  tries: number
  /** What ends the request as a whole, in ms after its begin; 0: nothing does. */
  timeout: number
  /** What its caller is told then. */
  timeoutStatus: Told
  /** When the client hangs up. */
  patience: number
  /** The longest wait before the n-th retry; drawn evenly from 0 on. */
  longestBackOff(n: number): number
}

/** What a request comes to, on average and in all its ways. */
export interface Played {
  outcomes: RequestOutcome[]
  /** Tries per request. */
  attempts: number
  /** Tries per request that come to the stub. */
  atStub: number
  /** Ms per request that a try is under way: the place it takes among max_requests. */
  busyMs: number
  /** Ms per request that a retry is under way, its back-off included: the place it takes among max_retries. */
  retryMs: number
}

/** Time is cut into steps of a millisecond, or into so many where that would be too many. */
const MOST_STEPS = 4000

/**
 * Plays a request in all its ways at once: try, back-off, try, until an answer is not tried again, no try is left, the
 * timeout ends it or the client hangs up. Exact but for the steps that time is cut into.
 *
 * `begun[t]` is the chance that the n-th try begins at step t; the tries that fail are spread over the back-off, which
 * gives that of the next.
 */
export function playRequest(tries: Tries, policy: RequestPolicy): Played {
  const end = policy.timeout > 0 ? Math.min(policy.timeout, policy.patience) : policy.patience
  const reach = Math.min(end, longestWay(tries, policy))
  const step = Math.max(1, reach / MOST_STEPS)
  // Where no way comes near the end, there is room for what rounding adds to each try and wait.
  const size = Math.min(Math.ceil(end / step), Math.ceil(reach / step) + 2 * policy.tries + 1)
  const endStatus = policy.timeout > 0 && policy.timeout <= policy.patience ? policy.timeoutStatus : null
  const ended = new Map<number | null | 'broken', Float64Array>()
  const total = { attempts: 0, atStub: 0, busyMs: 0, retryMs: 0 }

  const finish = (status: number | null | 'broken', at: number, chance: number) => {
    const times = ended.get(status) ?? new Float64Array(size + 1)
    ended.set(status, times)
    times[at] = (times[at] as number) + chance
  }
  const cutShort = (chance: number) => finish(endStatus, size, chance)

  const steps = tries.map((ways) => ways.map((each) => ({ ...each, steps: Math.round(each.ms / step) })))
  let begun: Float64Array = new Float64Array(size)
  begun[0] = 1
  for (let n = 1; n <= policy.tries; n++) {
    const failed = new Float64Array(size)
    const ways = steps[Math.min(n, steps.length) - 1] ?? []
    let again = 0
    for (let at = 0; at < size; at++) {
      const chance = begun[at] as number
      if (chance === 0) continue
      total.attempts += chance
      for (const each of ways) {
        const share = chance * each.chance
        const to = at + each.steps
        const took = Math.min(each.ms, (size - at) * step)
        total.busyMs += share * took
        if (n > 1) total.retryMs += share * took
        if (each.atStub) total.atStub += share
        if (to >= size)
          finish(endStatus !== null && each.begunMs !== undefined && at + each.begunMs / step < size ? 'broken' : endStatus, size, share)
        else if (each.retried && n < policy.tries) {
          failed[to] = (failed[to] as number) + share
          again += share
        } else finish(each.status ?? 'broken', to, share)
      }
    }
    if (again === 0) break
    const waited = spread(failed, Math.max(1, Math.round(policy.longestBackOff(n) / step)))
    total.retryMs += (again * Math.max(0, policy.longestBackOff(n) - 1)) / 2
    begun = waited.begun
    if (waited.beyond > 0) cutShort(waited.beyond)
  }

  const outcomes: RequestOutcome[] = []
  for (const [status, times] of ended)
    times.forEach((chance, at) => {
      if (chance === 0) return
      const ms = at === size ? end : at * step
      outcomes.push(
        status === 'broken' ? { chance, ms: Math.min(ms + BREAK_KNOWN_MS, policy.patience), status: null } : { chance, ms, status },
      )
    })
  return { ...total, outcomes }
}

/** All tries as long as they can be, and all waits. */
function longestWay(tries: Tries, policy: RequestPolicy): number {
  let total = 0
  for (let n = 1; n <= policy.tries; n++) {
    const ways = nthTry(tries, n)
    total += Math.max(0, ...ways.map(({ ms }) => ms))
    if (n === policy.tries || !ways.some(({ retried }) => retried)) break
    total += policy.longestBackOff(n)
  }
  return total
}

/** Each chance evenly over so many steps from its own on; `beyond` is what comes to lie behind the end. */
function spread(chances: Float64Array, over: number): { begun: Float64Array; beyond: number } {
  const size = chances.length
  const begun = new Float64Array(size)
  const leaving = new Float64Array(size)
  let now = 0
  let beyond = 0
  for (let at = 0; at < size; at++) {
    const part = (chances[at] as number) / over
    if (part > 0) {
      now += part
      if (at + over < size) leaving[at + over] = (leaving[at + over] as number) + part
      else beyond += part * (at + over - size)
    }
    now -= leaving[at] as number
    // What is left of rounding must not become a try that nobody makes.
    if (now < 1e-18) now = 0
    begun[at] = now
  }
  return { begun, beyond }
}
