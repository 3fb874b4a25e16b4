import { describe, expect, test } from 'vitest'
import { parseScenario } from '../../../src/scenario/parse.ts'
import { idlePolicies } from '../../../src/scenario/warn-policy.ts'
import { SMALL } from './example.ts'

/** `envoy.routes[1].retry_policy…: why`, of SMALL with another policy of its cluster and its route to `cart`. */
function warnings(given: { cluster?: string; route?: string; replicas?: number }): string[] {
  const text = SMALL.replace('{ circuit_breakers: { max_requests: 64 } }', `{ ${given.cluster ?? ''} }`)
    .replace('cluster: cart, retry_policy: { retry_on: [5xx] }', `cluster: cart${given.route === undefined ? '' : `, ${given.route}`}`)
    .replace('replicas: 2', `replicas: ${given.replicas ?? 2}`)
  return idlePolicies(parseScenario(text, 'here.yaml', () => '')).map(({ path, message }) => `${path.slice(3).join('.')}: ${message}`)
}

const retry = (keys: string, on = '5xx') => `retry_policy: { retry_on: [${on}], ${keys} }`
const EJECTS = 'outlier_detection: { max_ejection_percent: 50 }'

describe('a setting that does nothing is warned of', () => {
  test.each<[string, Parameters<typeof warnings>[0], string]>([
    [
      'max_retries',
      { cluster: 'circuit_breakers: { max_retries: 5, retry_budget: {} }' },
      'circuit_breakers.max_retries: says nothing beside',
    ],
    ['weights', { cluster: 'lb_policy: RANDOM, load_balancing_weight: { 1: 3 }' }, 'load_balancing_weight: says nothing: RANDOM'],
    [
      'the panic threshold',
      { cluster: 'common_lb_config: { healthy_panic_threshold: { value: 0 } }' },
      'common_lb_config.healthy_panic_threshold: never acts: nothing ejects a host of cart',
    ],
    ['status codes', { route: retry('retriable_status_codes: [418]') }, 'retry_policy.retriable_status_codes: never acts'],
    [
      'the other way round',
      { route: retry('num_retries: 1', 'retriable-status-codes') },
      'retry_policy.retry_on: retriable-status-codes never acts',
    ],
    ['headers', { route: retry('retriable_headers: { x-a: b }') }, 'retry_policy.retriable_headers: never acts'],
    ['the other way round', { route: retry('num_retries: 1', 'retriable-headers') }, 'retry_policy.retry_on: retriable-headers never acts'],
    [
      'the only replica',
      { route: retry('retry_host_predicate: [previous_hosts]'), replicas: 1 },
      'retry_policy.retry_host_predicate: never acts',
    ],
    ['draws', { route: retry('host_selection_retry_max_attempts: 3') }, 'retry_policy.host_selection_retry_max_attempts: never acts'],
    [
      'hedging alone',
      { route: 'hedge_policy: { hedge_on_per_try_timeout: true }' },
      'hedge_policy: never acts: it needs a per_try_timeout and a retry_policy with num_retries above 0',
    ],
    [
      'hedging without a second try',
      { route: `hedge_policy: { hedge_on_per_try_timeout: true }, ${retry('num_retries: 0, per_try_timeout: 1s')}` },
      'hedge_policy: never acts: it needs a retry_policy with num_retries above 0',
    ],
    [
      'silence as long as a try',
      { route: retry('per_try_timeout: 1s, per_try_idle_timeout: 1s') },
      'retry_policy.per_try_idle_timeout: never acts: 1s is not below per_try_timeout: 1s',
    ],
    [
      'silence longer than the default',
      { route: retry('per_try_idle_timeout: 16s') },
      'retry_policy.per_try_idle_timeout: never acts: 16s is not below timeout (the default): 15s',
    ],
  ])('%s', (_, given, says) => expect(warnings(given)).toEqual([expect.stringContaining(says)]))
})

test.each<Parameters<typeof warnings>[0]>([
  {},
  { cluster: 'circuit_breakers: { max_retries: 5 }' },
  { cluster: 'circuit_breakers: { retry_budget: {} }' },
  { cluster: 'lb_policy: LEAST_REQUEST, load_balancing_weight: { 1: 3 }' },
  { cluster: `common_lb_config: { healthy_panic_threshold: { value: 0 } }, ${EJECTS}` },
  { route: retry('retriable_status_codes: [418]', '5xx, retriable-status-codes') },
  { route: retry('retriable_headers: { x-a: b }', 'retriable-headers') },
  { route: retry('retry_host_predicate: [previous_hosts], host_selection_retry_max_attempts: 3') },
  { route: `hedge_policy: { hedge_on_per_try_timeout: true }, ${retry('per_try_timeout: 1s')}` },
  // A hedged try goes on beyond per_try_timeout, so that a longer silence may still cut it.
  { route: `hedge_policy: { hedge_on_per_try_timeout: true }, ${retry('per_try_timeout: 1s, per_try_idle_timeout: 2s')}` },
  { route: retry('per_try_timeout: 1s, per_try_idle_timeout: 999ms') },
  { route: `timeout: 0s, ${retry('per_try_idle_timeout: 16s')}` },
])('%j is not', (given) => expect(warnings(given)).toEqual([]))
