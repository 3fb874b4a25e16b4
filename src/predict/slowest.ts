import { DEFAULT_IDLE_TIMEOUT_MS } from '../scenario/limits.ts'
import { perTryTimeoutOf } from '../scenario/policy.ts'
import type { Class } from './classes.ts'
import { BREAK_KNOWN_MS } from './outcome.ts'
import { nthTry } from './try.ts'

/** How long a caller may have to wait, and what then ends it. */
export interface Slowest {
  /** Infinity: nothing but the caller's patience ends it. */
  ms: number
  /** The limit that cuts off its last stretch; `answer` where it is whole. */
  by: Limit | 'answer'
}

export type Limit = 'per_try_timeout' | 'per_try_idle_timeout' | 'timeout' | 'max_stream_duration' | 'idle_timeout'

/**
 * The longest that a request of this class can take with the faults of its phase: all its tries as long as they may be,
 * and each back-off at its longest, unless a limit on the whole ends it before.
 */
export function slowestOf(each: Class): Slowest {
  let before = 0
  let slowest = { ms: 0, cut: false }
  for (let n = 1; n <= each.policy.tries; n++) {
    const ways = nthTry(each.tries, n)
    const longest = ways.reduce((most, one) => (one.ms > most.ms ? one : most), { ms: 0, cut: false })
    if (before + longest.ms >= slowest.ms) slowest = { ms: before + longest.ms, cut: longest.cut }
    const failing = ways.filter(({ retried }) => retried)
    if (failing.length === 0) break
    before += Math.max(...failing.map(({ ms }) => ms)) + each.policy.longestBackOff(n)
  }
  const whole = ended(each, slowest.ms, slowest.cut ? tryLimitName(each) : 'answer')
  const breaks = each.tries.flat().some(({ status, begunMs }) => begunMs !== undefined && (status === null || whole.by !== 'answer'))
  return breaks ? { ...whole, ms: whole.ms + BREAK_KNOWN_MS } : whole
}

/** The longest that a request can take whatever the upstream does; waiting for a connection is no part of a try. */
export const boundOf = (each: Class): Slowest => ended(each, Number.POSITIVE_INFINITY, 'answer')

/** After so long behind the router, unless one of the limits on the whole comes first. */
function ended({ ingress, policy: { timeout }, route, upload }: Class, behind: number, by: Slowest['by']): Slowest {
  const before = upload + Math.max(0, ...ingress.map(({ delay }) => delay))
  const limits: [number, Limit][] = [
    [timeout === 0 ? 0 : before + timeout, 'timeout'],
    [route?.max_stream_duration?.max_stream_duration ?? 0, 'max_stream_duration'],
    [route?.idle_timeout ?? DEFAULT_IDLE_TIMEOUT_MS, 'idle_timeout'],
  ]
  let slowest: Slowest = { ms: before + behind, by }
  for (const [ms, name] of limits) if (ms > 0 && ms <= slowest.ms) slowest = { ms, by: name }
  return slowest
}

const tryLimitName = ({ route, tryPolicy }: Class): Limit =>
  route !== undefined && perTryTimeoutOf(route) === tryPolicy.perTryTimeout ? 'per_try_timeout' : 'per_try_idle_timeout'
