import type { Route } from '../scenario/routing.ts'
import { durations } from './duration.ts'

/** @see Envoy `config.route.v3.RetryPolicy` */
export function buildRetryPolicy(retry: NonNullable<Route['retry_policy']>) {
  const {
    retriable_status_codes: codes,
    retriable_headers: headers,
    rate_limited_retry_back_off: limited,
    retry_host_predicate: predicates,
    host_selection_retry_max_attempts: selections,
  } = retry
  return {
    retry_on: retry.retry_on.join(','),
    ...(retry.num_retries === undefined ? {} : { num_retries: retry.num_retries }),
    ...durations({ per_try_timeout: retry.per_try_timeout, per_try_idle_timeout: retry.per_try_idle_timeout }),
    ...(codes === undefined ? {} : { retriable_status_codes: codes }),
    ...(headers === undefined ? {} : { retriable_headers: exactly(headers) }),
    ...(retry.retry_back_off === undefined ? {} : { retry_back_off: durations(retry.retry_back_off) }),
    ...(limited === undefined
      ? {}
      : { rate_limited_retry_back_off: { reset_headers: limited.reset_headers, ...durations({ max_interval: limited.max_interval }) } }),
    ...(predicates === undefined ? {} : { retry_host_predicate: predicates.map(hostPredicate) }),
    ...(selections === undefined ? {} : { host_selection_retry_max_attempts: selections }),
  }
}

const hostPredicate = (name: 'previous_hosts') => ({
  name: `envoy.retry_host_predicates.${name}`,
  typed_config: { '@type': `type.googleapis.com/envoy.extensions.retry.host.${name}.v3.PreviousHostsPredicate` },
})

/** One `HeaderMatcher` for each header. */
export const exactly = (headers: Readonly<Record<string, string>>) =>
  Object.entries(headers).map(([name, value]) => ({ name, string_match: { exact: value } }))
