import type { BodyTest } from '../content/match-body.ts'
import type { HeaderTest } from '../content/match-header.ts'
import { bodyTests, headerTests } from '../scenario/content-schema.ts'
import type { Expectation, MetricName } from '../scenario/expect-schema.ts'
import type { DocumentPath } from '../scenario/scenario.ts'
import type { Timeout } from '../scenario/timeouts.ts'
import type { Condition } from '../value/condition.ts'
import { grpcName, grpcNumber } from '../value/grpc-status.ts'

/** One thing that an expectation claims of the requests it selects: one metric, or one part of one. */
export type Claim = {
  expectation: Expectation
  /** Its place in `expect`, counted from 0. */
  index: number
  /** `success_rate`, `timeouts.per_try`, `status.503`. */
  metric: string
  /** In the user's spelling. */
  asked: string
  path: DocumentPath
} & Measure

/** How a claim is measured, by family. */
export type Measure =
  | {
      family: 'share'
      of: 'success_rate' | 'error_rate' | 'fault_share' | { status: string } | { grpcStatus: number } | { exitCode: string }
      condition: Condition
    }
  | { family: 'content'; test: { of: 'body'; is: BodyTest } | { of: 'headers'; is: HeaderTest } }
  | { family: 'each_latency'; condition: Condition }
  | { family: 'every'; of: { status: number } | { grpcStatus: number } | { exitCode: number } | { attempts: Condition } }
  | { family: 'latency'; quantile: number; condition: Condition }
  | { family: 'factor'; of: 'attempts_per_request' | 'retry_amplification'; condition: Condition }
  | { family: 'count'; of: Counted; condition: Condition }
  | { family: 'throughput'; condition: Condition }
  | { family: 'recovery'; condition: Condition }

export type ClaimOf<F extends Claim['family']> = Extract<Claim, { family: F }>

/** What is counted; each timeout and each breaker also stand alone. */
export type Counted =
  | 'retries'
  | 'retries_suppressed'
  | 'ejections'
  | 'timeouts'
  | `timeouts.${Timeout}`
  | 'breaker_rejections'
  | 'breaker_rejections.max_requests'
  | 'breaker_rejections.max_pending_requests'
  | 'spare_rejections'

const QUANTILES = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, 'p99.9': 0.999, max: 1 } as const

/** All claims of an expectation, in the order of `METRICS`. */
export function claimsOf(expectation: Expectation, index: number): Claim[] {
  const claims: Claim[] = []
  const add = (metric: MetricName, measure: Measure, asked: string, part: string | readonly (string | number)[] = []) => {
    const parts = typeof part === 'string' ? [part] : part
    const path = ['expect', index, metric, ...parts]
    claims.push({ expectation, index, metric: [metric, ...parts.slice(0, 1)].join('.'), asked, path, ...measure })
  }
  const e = expectation
  for (const metric of ['success_rate', 'error_rate'] as const) {
    const condition = e[metric]
    if (condition) add(metric, { family: 'share', of: metric, condition }, condition.source)
  }
  if (e.goodput) add('goodput', { family: 'throughput', condition: e.goodput }, e.goodput.source)
  if (typeof e.status === 'number') add('status', { family: 'every', of: { status: e.status } }, String(e.status))
  else if (e.status)
    for (const [status, condition] of Object.entries(e.status))
      add('status', { family: 'share', of: { status }, condition }, condition.source, status)
  if (typeof e.grpc_status === 'number') add('grpc_status', { family: 'every', of: { grpcStatus: e.grpc_status } }, grpcName(e.grpc_status))
  else if (e.grpc_status)
    for (const [status, condition] of Object.entries(e.grpc_status))
      add('grpc_status', { family: 'share', of: { grpcStatus: grpcNumber(status) as number }, condition }, condition.source, status)
  if (typeof e.exit_code === 'number') add('exit_code', { family: 'every', of: { exitCode: e.exit_code } }, String(e.exit_code))
  else if (e.exit_code)
    for (const [exitCode, condition] of Object.entries(e.exit_code))
      add('exit_code', { family: 'share', of: { exitCode }, condition }, condition.source, exitCode)
  for (const metric of ['p50', 'p90', 'p95', 'p99', 'p99.9', 'max'] as const) {
    const condition = e[metric]
    if (condition) add(metric, { family: 'latency', quantile: QUANTILES[metric], condition }, condition.source)
  }
  if (e.latency) add('latency', { family: 'each_latency', condition: e.latency }, e.latency.source)
  for (const { path, asked, test } of headerTests(e.headers ?? {}))
    add('headers', { family: 'content', test: { of: 'headers', is: test } }, asked, path)
  for (const metric of ['output', 'body'] as const)
    for (const { path, asked, test } of e[metric] === undefined ? [] : bodyTests(e[metric]))
      add(metric, { family: 'content', test: { of: 'body', is: test } }, asked, path)
  if (e.attempts) add('attempts', { family: 'every', of: { attempts: e.attempts } }, e.attempts.source)
  for (const metric of ['attempts_per_request', 'retry_amplification'] as const) {
    const condition = e[metric]
    if (condition) add(metric, { family: 'factor', of: metric, condition }, condition.source)
  }
  for (const metric of ['retries', 'retries_suppressed'] as const) {
    const condition = e[metric]
    if (condition) add(metric, { family: 'count', of: metric, condition }, condition.source)
  }
  for (const metric of ['timeouts', 'breaker_rejections'] as const) {
    const value = e[metric]
    if (value === undefined) continue
    if ('op' in value) add(metric, { family: 'count', of: metric, condition: value }, value.source)
    else
      for (const [part, condition] of Object.entries(value) as [string, Condition | undefined][])
        if (condition) add(metric, { family: 'count', of: `${metric}.${part}` as Counted, condition }, condition.source, part)
  }
  for (const metric of ['spare_rejections', 'ejections'] as const) {
    const condition = e[metric]
    if (condition) add(metric, { family: 'count', of: metric, condition }, condition.source)
  }
  if (e.fault_share) add('fault_share', { family: 'share', of: 'fault_share', condition: e.fault_share }, e.fault_share.source)
  if (e.recovers_within) add('recovers_within', { family: 'recovery', condition: e.recovers_within }, e.recovers_within.source)
  return claims
}

/** `success_rate ">= 99%"`: how messages refer to a claim. */
export const quote = (claim: Claim) => `${claim.metric} ${JSON.stringify(claim.asked)}`
