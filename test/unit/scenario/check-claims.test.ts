import { describe, expect, test } from 'vitest'
import { CLAIM, messages, WORKERS } from './problems.ts'

describe('claims on what the policy cannot do', () => {
  const cart = (keys: string): [string, string] => ['{ circuit_breakers: { max_requests: 64 } }', `{ ${keys} }`]
  const route = (keys: string): [string, string] => ['cluster: cart, retry_policy: { retry_on: [5xx] }', `cluster: cart, ${keys}`]
  const retries = (keys: string) => route(`timeout: 1s, retry_policy: { retry_on: [5xx], ${keys} }`)
  const claimed = (claim: string, ...changes: [string, string][]) => messages(...changes, [CLAIM, claim])

  test.each<[string, string, ...[string, string][]]>([
    ['{ ejections: ">= 1" }', 'no cluster has outlier_detection'],
    ['{ cluster: stock, ejections: 2 }', 'stock has no outlier_detection', cart('outlier_detection: { max_ejection_percent: 50 }')],
    ['{ ejections: ">= 1" }', 'max_ejection_percent: 10 (the default) lets none of the 2 replicas', cart('outlier_detection: {}')],
    ['{ cluster: cart, ejections: "> 0" }', 'max_ejection_percent: 49', cart('outlier_detection: { max_ejection_percent: 49 }')],
    [
      '{ cluster: cart, ejections: "1 .. 3" }',
      'max_ejection_percent: 33 lets none of the 3',
      cart('outlier_detection: { max_ejection_percent: 33 }'),
      ['replicas: 2', 'replicas: 3'],
    ],
    [
      '{ cluster: cart, ejections: 1 }',
      'does not let the only replica of cart',
      cart('outlier_detection: { max_ejection_percent: 99 }'),
      ['replicas: 2', 'replicas: 1'],
    ],
    ['{ attempts: 3 }', 'num_retries allows 2 attempts at most'],
    ['{ attempts: ">= 4" }', 'num_retries allows 3 attempts at most', retries('num_retries: 2')],
    ['{ attempts: "> 3" }', 'num_retries allows 3 attempts at most', retries('num_retries: 2')],
    ['{ request: stock, attempts: 2 }', 'without retries there is 1 attempt'],
    ['{ given: { attempts: 3 }, status: 503 }', 'expect[0].given.attempts: "3" can never hold'],
    ['{ attempts_per_request: ">= 2.1" }', 'num_retries allows 2 attempts'],
    ['{ request: stock, retry_amplification: "1.1 .. 1.3" }', 'without retries'],
    ['{ request: stock, retries: ">= 1" }', 'the route to stock has no retry_policy'],
    ['{ retries: ">= 1" }', 'no route of these requests has a num_retries above 0', retries('num_retries: 0')],
    ['{ timeouts: { per_try: ">= 1" } }', 'no route of these requests has a per_try_timeout'],
    ['{ timeouts: { per_try: ">= 1" } }', 'no route of these requests has a per_try_timeout', retries('per_try_timeout: 0s')],
    [
      '{ timeouts: { per_try: ">= 1" } }',
      'no route of these requests has a per_try_timeout below its timeout',
      retries('per_try_timeout: 1s'),
    ],
    ['{ request: jason, timeouts: { route: ">= 1" } }', 'the route to cart has no timeout above 0s', route('timeout: 0s')],
    ['{ request: jason, timeouts: { idle: ">= 1" } }', 'the route to cart has no idle_timeout above 0s', route('idle_timeout: 0s')],
    ['{ timeouts: { max_stream_duration: ">= 1" } }', 'no route of these requests has a max_stream_duration'],
    ['{ timeouts: { per_try_idle: ">= 1" } }', 'no route of these requests has a per_try_idle_timeout', retries('per_try_timeout: 1ms')],
    ['{ timeouts: { request: ">= 1" } }', 'there is no request_timeout'],
    [
      '{ timeouts: { per_try: ">= 1" } }',
      'hedge_policy lets a try go on that passes per_try_timeout',
      route('hedge_policy: { hedge_on_per_try_timeout: true }, retry_policy: { retry_on: [5xx], per_try_timeout: 1s }'),
    ],
  ])('%s: %s', (claim, says, ...changes) => expect(claimed(claim, ...changes)).toEqual([expect.stringContaining(says)]))

  test.each<[string, ...[string, string][]]>([
    ['{ ejections: ">= 1" }', cart('outlier_detection: { max_ejection_percent: 50 }')],
    ['{ cluster: cart, ejections: ">= 1" }', cart('outlier_detection: { max_ejection_percent: 34 }'), ['replicas: 2', 'replicas: 3']],
    ['{ cluster: cart, ejections: ">= 1" }', cart('outlier_detection: {}'), ['replicas: 2', 'replicas: 10']],
    ['{ cluster: cart, ejections: ">= 1" }', cart('outlier_detection: { max_ejection_percent: 1, always_eject_one_host: true }')],
    ['{ attempts: 2 }'],
    ['{ attempts: ">= 3" }', retries('num_retries: 2')],
    ['{ attempts_per_request: ">= 2" }'],
    ['{ retry_amplification: ">= 3" }'],
    ['{ retries: ">= 1" }'],
    ['{ timeouts: { per_try: ">= 1" } }', retries('per_try_timeout: 999ms')],
    ['{ timeouts: { per_try: ">= 1" } }', route('timeout: 0s, retry_policy: { retry_on: [5xx], per_try_timeout: 1h }')],
    ['{ timeouts: { route: ">= 1" } }', route('timeout: 0s')],
    ['{ timeouts: ">= 1" }', route('timeout: 0s')],
    ['{ timeouts: { idle: ">= 1" } }', route('idle_timeout: 1s')],
    ['{ timeouts: { max_stream_duration: ">= 1" } }', route('max_stream_duration: { max_stream_duration: 1s }')],
    ['{ timeouts: { per_try_idle: ">= 1" } }', retries('per_try_idle_timeout: 1ms')],
    ['{ timeouts: { request: ">= 1" } }', ['  clusters:', '  http_connection_manager: { request_timeout: 1s }\n  clusters:']],
    ['{ breaker_rejections: ">= 1" }'],
  ])('%s is possible', (claim, ...changes) => expect(claimed(claim, ...changes)).toEqual([]))

  test('an app may call more often than Envoy tries, but outlier detection stays what it is', () => {
    const target: [string, string] = ['rate: 100/s', 'rate: 100/s\n  target: http://127.0.0.1:8080']
    expect(claimed('{ attempts: 4, retries: ">= 1", timeouts: { per_try: ">= 1" } }', target)).toEqual([])
    expect(claimed('{ ejections: ">= 1" }', target)).toHaveLength(1)
  })
})

describe('spare rejections need a limit of workers', () => {
  const needs = 'expect[0]: needs workers of'

  test.each([
    ['{ spare_rejections: 0 }', `${needs} cart and stock: without a limit of workers every rejection is spare`],
    ['{ cluster: cart, spare_rejections: 0 }', `${needs} cart: without a limit of workers every rejection is spare`],
  ])('%s', (claim, message) => expect(messages([CLAIM, claim])).toEqual([message]))

  test('of the upstreams that the claim is about only', () => {
    const limited: [string, string] = ['cart: { replicas: 2 }', 'cart: { replicas: 2, workers: 4 }']
    expect(messages(limited, [CLAIM, '{ cluster: cart, spare_rejections: 0 }'])).toEqual([])
    expect(messages(limited, [CLAIM, '{ spare_rejections: 0 }'])).toHaveLength(1)
    expect(messages(...WORKERS, [CLAIM, '{ spare_rejections: 0 }'])).toEqual([])
  })
})
