import type { Route } from '../scenario/routing.ts'
import { GRPC } from '../value/grpc-status.ts'
import { isGrpcTold, type Told } from './told.ts'

type RetryPolicy = NonNullable<Route['retry_policy']>
type RetryOn = RetryPolicy['retry_on'][number]

/** Envoy's default of `retry_back_off.base_interval`. */
const DEFAULT_BASE_MS = 25
/** Left out, `max_interval` is so many times the base. */
const MAX_OVER_BASE = 10

/**
 * The longest wait before the n-th retry (n from 1), in ms; the wait is drawn evenly from 0 up to it.
 * @see test/integration/policy.test.ts
 */
export function longestBackOff({ retry_policy: retry }: Pick<Route, 'retry_policy'>, n: number): number {
  const base = retry?.retry_back_off?.base_interval ?? DEFAULT_BASE_MS
  return Math.min(base * 2 ** (n - 1), retry?.retry_back_off?.max_interval ?? base * MAX_OVER_BASE)
}

/** The longest waits of all retries together. */
export function longestBackOffs(route: Pick<Route, 'retry_policy'>, retries: number): number {
  let total = 0
  for (let n = 1; n <= retries; n++) total += longestBackOff(route, n)
  return total
}

/** The values of retry_on by which a try that a limit cut is tried again. */
const CUT_IS_RETRIED = ['5xx', 'gateway-error', 'reset'] as const

export const retriesCut = (route: Pick<Route, 'retry_policy'>): boolean =>
  CUT_IS_RETRIED.some((value) => route.retry_policy?.retry_on.includes(value))

/** Those by which a connection that did not come about is tried again. */
const CONNECTING_IS_RETRIED = ['5xx', 'gateway-error', 'reset', 'reset-before-request', 'connect-failure'] as const

export const retriesConnecting = (route: Pick<Route, 'retry_policy'>): boolean =>
  CONNECTING_IS_RETRIED.some((value) => route.retry_policy?.retry_on.includes(value))

/** What the stub answers with, or an abort in its place: that has no headers of its own, but for a failed gRPC call. */
export interface Answer {
  status: Told
  headers: Readonly<Record<string, string>>
}

/** Of a call that failed, whose headers are all there is; what went well says so behind its message, where nobody looks who retries. */
export const answerOf = (status: Told): Answer => ({
  status,
  headers: isGrpcTold(status) && status !== GRPC.OK ? { 'grpc-status': String(status) } : {},
})

/** What each value of retry_on makes of an answer. Those that are not here are about connections; answers come over sound ones. */
const ANSWER_IS_RETRIED: Partial<Record<RetryOn, (answer: Answer, policy: RetryPolicy) => boolean>> = {
  '5xx': ({ status }) => status >= 500,
  'gateway-error': ({ status }) => status >= 502 && status <= 504,
  'retriable-4xx': ({ status }) => status === 409,
  'retriable-status-codes': ({ status }, policy) => policy.retriable_status_codes?.includes(status) ?? false,
  'retriable-headers': ({ headers }, policy) =>
    Object.entries(policy.retriable_headers ?? {}).some(([name, value]) => Object.hasOwn(headers, name) && headers[name] === value),
  cancelled: ({ status }) => status === GRPC.CANCELLED,
  'deadline-exceeded': ({ status }) => status === GRPC.DEADLINE_EXCEEDED,
  internal: ({ status }) => status === GRPC.INTERNAL,
  'resource-exhausted': ({ status }) => status === GRPC.RESOURCE_EXHAUSTED,
  unavailable: ({ status }) => status === GRPC.UNAVAILABLE,
  'envoy-ratelimited': ({ status, headers }) => status === 429 && Object.hasOwn(headers, 'x-envoy-ratelimited'),
}

/** Whether an answer is tried again. @see test/integration/policy.test.ts */
export function retriesAnswer({ retry_policy: policy }: Pick<Route, 'retry_policy'>, answer: Answer): boolean {
  return policy?.retry_on.some((value) => ANSWER_IS_RETRIED[value]?.(answer, policy) ?? false) ?? false
}
