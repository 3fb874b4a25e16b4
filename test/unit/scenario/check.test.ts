import { describe, expect, test } from 'vitest'
import { ChaosError } from '../../../src/errors.ts'
import { parseScenario } from '../../../src/scenario/parse.ts'
import { SMALL } from './example.ts'

/** Messages about SMALL after some replacements; test/fixtures/bad shows them whole. */
function messages(...changes: [string, string][]): string[] {
  let text = SMALL
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`${from} is not in the text`)
    text = text.replace(from, to)
  }
  try {
    parseScenario(text, 'here.yaml', () => '1')
    return []
  } catch (error) {
    if (error instanceof ChaosError) return error.problems.map(({ message }) => message)
    throw error
  }
}

const CLAIM = '{ phase: calm, success_rate: ">= 99%" }'
const FAULT = '{ cluster: cart, abort: 503 }'
const WORKERS: [string, string][] = [['cart: { replicas: 2 }, stock: {}', 'cart: { replicas: 2, workers: 4 }, stock: { workers: 4 }']]

test('the scenario that these tests vary is sound', () => expect(messages()).toEqual([]))

test('a route is shadowed by one to another cluster on the shared port, not on the port where an app asks', () => {
  const stock = (prefix: string): [string, string] => [
    '{ match: { prefix: /stock }, cluster: stock }',
    `{ match: { prefix: ${prefix} }, cluster: stock }`,
  ]
  const app: [string, string] = ['load:', 'app: { command: [node, /shop.mjs] }\nload:']
  expect(messages(stock('/'))).toContainEqual(expect.stringContaining('no request reaches this route: envoy.routes[0] takes them all'))
  expect(messages(stock('/'), app)).toEqual([])
  const twice: [string, string] = ['cluster: cart, retry_policy', 'cluster: stock, retry_policy']
  expect(messages(stock('/'), app, twice)).toEqual([expect.stringContaining('no request reaches this route')])
})

describe('a fault at: ingress', () => {
  const ingress: [string, string] = [FAULT, '{ cluster: cart, abort: 503, at: ingress }']

  test.each([
    'attempts: 1',
    'attempts_per_request: "<= 2"',
    'retry_amplification: "<= 2"',
    'retries: 0',
    'timeouts: 0',
    'breaker_rejections: 0',
    'ejections: 0',
    'p99: "<= 1s", given: { attempts: 1 }',
  ])('cannot bear a claim on the policy: %s', (claim) =>
    expect(messages(ingress, [CLAIM, `{ phase: storm, ${claim} }`])).toEqual([
      expect.stringContaining('its filter sits before the router'),
    ]),
  )

  test('cannot bear one on spare rejections', () =>
    expect(messages(ingress, ...WORKERS, [CLAIM, '{ phase: storm, spare_rejections: 0 }'])).toEqual([
      expect.stringContaining('its filter sits before the router'),
    ]))

  const LIMITED: [string, string][] = [
    ['  clusters:', '  http_connection_manager: { request_timeout: 1s }\n  clusters:'],
    ['cluster: cart, retry', 'cluster: cart, idle_timeout: 1s, max_stream_duration: { max_stream_duration: 1s }, retry'],
  ]

  test.each(['idle: 3', 'max_stream_duration: 3', 'request: 3', 'request: 3, idle: 0'])(
    'may bear a claim on a limit that sees it: %s',
    (parts) => expect(messages(ingress, ...LIMITED, [CLAIM, `{ phase: storm, timeouts: { ${parts} } }`])).toEqual([]),
  )

  test('but not beside one that does not', () =>
    expect(messages(ingress, ...LIMITED, [CLAIM, '{ phase: storm, timeouts: { idle: 3, route: 3 } }'])).toHaveLength(1))

  test.each(['success_rate: ">= 0.1%"', 'status: 503, given: { fault: abort }', 'p99: "<= 1s"', 'fault_share: ">= 10%"'])(
    'may bear a claim on what the caller sees: %s',
    (claim) => expect(messages(ingress, [CLAIM, `{ phase: storm, ${claim} }`])).toEqual([]),
  )

  test('is right where the load goes to an app, whose own policy it tests', () =>
    expect(
      messages(ingress, ['rate: 100/s', 'rate: 100/s\n  target: http://127.0.0.1:8080'], [CLAIM, '{ phase: storm, retries: ">= 1" }']),
    ).toEqual([]))

  test('beside one at: upstream in the same phase leaves the claim its sense', () =>
    expect(
      messages([FAULT, `${FAULT}, { cluster: cart, abort: 500, at: ingress, percent: 1 }`], [CLAIM, '{ phase: storm, retries: ">= 1" }']),
    ).toEqual([]))

  test('on one cluster says nothing against a claim on another', () =>
    expect(messages(ingress, [CLAIM, '{ phase: storm, cluster: stock, retries: 0 }'])).toEqual([]))

  test('in one phase says nothing against a claim on the whole run', () =>
    expect(messages(ingress, [CLAIM, '{ breaker_rejections: 0 }'])).toEqual([]))

  test('alone of its kind makes a claim given that kind senseless', () =>
    expect(
      messages(
        [FAULT, `{ cluster: cart, delay: 1s }, { cluster: cart, abort: 500, at: ingress }`],
        [CLAIM, '{ phase: storm, given: { fault: abort }, attempts: 2 }'],
      ),
    ).toHaveLength(1))
})

describe('claims on faults', () => {
  test.each([
    '{ phase: storm, given: { fault: abort }, status: 503 }',
    '{ phase: storm, given: { fault: any }, status: 503 }',
    '{ phase: calm, given: { fault: none }, status: 200 }',
    '{ fault_share: ">= 99%" }',
    '{ phase: storm, cluster: cart, fault_share: ">= 99%" }',
  ])('%s may hold', (claim) => expect(messages([CLAIM, claim])).toEqual([]))

  test.each([
    '{ phase: calm, given: { fault: abort }, status: 503 }',
    '{ phase: storm, given: { fault: delay }, status: 503 }',
    '{ phase: storm, request: stock, given: { fault: abort }, status: 503 }',
    '{ phase: after, fault_share: 0 }',
    '{ phase: storm, cluster: stock, fault_share: ">= 99%" }',
  ])('%s can never hold', (claim) => expect(messages([CLAIM, claim])).toEqual([expect.stringContaining('could never hold')]))

  test.each([
    '{ phase: after, recovers_within: 2s }',
    '{ phase: after, cluster: cart, recovers_within: 2s }',
    '{ phase: after, request: jason, recovers_within: 2s }',
  ])('%s may hold', (claim) => expect(messages([CLAIM, claim])).toEqual([]))

  test.each(['{ phase: after, cluster: stock, recovers_within: 2s }', '{ phase: after, request: stock, recovers_within: 2s }'])(
    '%s has nothing to recover from',
    (claim) =>
      expect(messages([CLAIM, claim])).toEqual([expect.stringContaining('no request of this claim can meet one in phase "storm"')]),
  )

  test('a recovery of requests that the condition of the fault spares is none', () => {
    const spared: [string, string] = ['{ name: stock, GET: /stock }', '{ name: other, GET: /cart }']
    const conditional: [string, string] = [FAULT, '{ cluster: cart, abort: 503, when: { header: { x-user: jason } } }']
    expect(messages(spared, conditional, [CLAIM, '{ phase: after, request: jason, recovers_within: 2s }'])).toEqual([])
    expect(messages(spared, conditional, [CLAIM, '{ phase: after, request: other, recovers_within: 2s }'])).toHaveLength(1)
  })
})

describe('names of requests', () => {
  const named = (name: string): [string, string] => ['name: jason', `name: ${name}`]
  const unnamed: [string, string] = ['{ name: stock, GET: /stock }', '{ GET: /stock }']

  test('one may not be what a request without a name is called: a claim on the one would count the other in', () =>
    expect(messages(named('GET /stock'), unnamed)).toEqual([
      'load.requests[0].name: the name "GET /stock" is what load.requests[1] is called, which has none of its own',
    ]))

  test('one may look like a method and a path that no request without a name has', () => {
    expect(messages(named('GET /stock'))).toEqual([])
    expect(messages(named('GET /cart'), unnamed)).toEqual([])
  })

  test('only given names can be claimed on', () =>
    expect(messages(unnamed, [CLAIM, '{ phase: calm, request: GET /stock, success_rate: ">= 99%" }'])).toEqual([
      expect.stringContaining('unknown request'),
    ]))
})

describe('a delay', () => {
  const delayed = (fault: string, ...more: [string, string][]) => messages([FAULT, `{ cluster: cart, ${fault} }`], ...more)

  test('may last as long as the client waits: the deadline of 5 s and 5 s more', () => {
    expect(delayed('delay: 10s')).toEqual([])
    expect(delayed('delay: 10001ms')).toEqual([expect.stringContaining('outlasts the client')])
  })

  test('may last longer where the deadline does', () =>
    expect(delayed('delay: 12s', ['rate: 100/s', 'rate: 100/s\n  deadline: 8s'])).toEqual([]))

  test('may last longer where a limit of the route cuts it off, which a fault at: ingress escapes', () => {
    const limited: [string, string] = ['cluster: cart, retry', 'cluster: cart, timeout: 1s, retry']
    expect(delayed('delay: 1h', limited)).toEqual([])
    expect(delayed('delay: 1h', ['[5xx]', '[5xx], per_try_timeout: 1s'])).toEqual([])
    expect(delayed('delay: 1h, at: ingress', limited)).toHaveLength(1)
    expect(delayed('delay: 1h', ['cluster: cart, retry', 'cluster: cart, timeout: 0s, retry'])).toHaveLength(1)
  })
})

describe('headers', () => {
  test.each([
    'Content-Length',
    'transfer-encoding',
    'Connection',
    'expect',
    'upgrade',
    'keep-alive',
    'te',
    'trailer',
    'x-request-id',
    'X-Envoy-Attempt-Count',
    'x-envoy-upstream-rq-timeout-ms',
    'x-envoy-upstream-rq-per-try-timeout-ms',
    'x-envoy-retry-on',
    'x-envoy-max-retries',
  ])('%s cannot be sent', (name) => expect(messages(['x-user: jason', `${name}: 1`])).toEqual([expect.stringContaining('cannot be set')]))

  test.each(['application/grpc', 'application/grpc+proto', 'Application/GRPC; a=b', 'application/grpc-web'])(
    'the content type %s cannot be sent, nor to an app',
    (type) => {
      const sent: [string, string] = ['x-user: jason', `content-type: "${type}"`]
      expect(messages(sent)).toEqual([expect.stringContaining('chaos does not read yet')])
      expect(messages(sent, ['rate: 100/s', 'rate: 100/s\n  target: http://127.0.0.1:8080'])).toHaveLength(1)
    },
  )

  test('other content types can be sent', () => expect(messages(['x-user: jason', 'content-type: application/json'])).toEqual([]))

  test.each<[string, ...[string, string]]>([
    ['of the load', 'x-user: jason', 'x-user: josé'],
    ['of a condition', FAULT, '{ cluster: cart, abort: 503, when: { header: { x-user: josé } } }'],
    ['of a route', '{ prefix: /stock }', '{ prefix: /stock, headers: { x-user: josé } }'],
    ['of a claim', 'phase: calm,', 'phase: calm, given: { header: { x-user: josé } },'],
    ['of an answer', 'stock: {}', 'stock: { respond: { headers: { x-user: josé } } }'],
  ])('a value %s has ASCII characters only', (_, from, to) =>
    expect(messages([from, to])).toEqual([expect.stringContaining('ASCII characters only')]),
  )

  test('to an app, those that only Envoy would strip can be sent', () => {
    const target: [string, string] = ['rate: 100/s', 'rate: 100/s\n  target: http://127.0.0.1:8080']
    expect(messages(target, ['x-user: jason', 'x-envoy-max-retries: 1'])).toEqual([])
    expect(messages(target, ['x-user: jason', 'x-request-id: 1'])).toHaveLength(1)
  })

  test('a condition finds its header whatever the case of its name, but not of its value', () => {
    expect(messages([FAULT, '{ cluster: cart, abort: 503, when: { header: { X-USER: jason } } }'])).toEqual([])
    expect(messages([FAULT, '{ cluster: cart, abort: 503, when: { header: { x-user: Jason } } }'])).toHaveLength(1)
  })

  test('a JSON body brings its content type', () =>
    expect(
      messages(
        ['GET: /stock', 'POST: /stock, json: {}'],
        ['{ prefix: /stock }', '{ prefix: /stock, headers: { content-type: application/json } }'],
      ),
    ).toEqual([]))
})

describe('without routes', () => {
  const routes = SMALL.slice(SMALL.indexOf('  routes:'), SMALL.indexOf('load:'))

  test('several upstreams leave open where the load goes', () =>
    expect(messages([routes, ''])).toEqual([expect.stringContaining('"routes" is missing')]))

  test('one upstream gets it all', () => expect(messages([routes, ''], [', stock: {} }', ' }'])).toEqual([]))

  test('a load with a target of its own needs none', () =>
    expect(messages([routes, ''], ['rate: 100/s', 'rate: 100/s\n  target: http://127.0.0.1:8080'])).toEqual([]))
})

test('sizes are bounded just where they say', () => {
  // 20000/s × 250 s = 5000000 requests
  const sized = (rate: string, length: string) =>
    messages(['rate: 100/s', `rate: ${rate}`], ['name: calm, for: 10s', `name: calm, for: ${length}`])
  expect(sized('20000/s', '230s')).toEqual([])
  expect(sized('20000/s', '231s')).toHaveLength(1)
  expect(sized('1/s', '86380s')).toEqual([])
  expect(sized('1/s', '86381s')).toHaveLength(1)
})

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

describe('with an app between the load and Envoy', () => {
  const app: [string, string] = ['envoy:\n', 'app: { command: [node] }\nenvoy:\n']

  test('the paths of the load are those of the app', () => expect(messages(app, ['GET: /stock', 'GET: /buy'])).toEqual([]))

  test('routes may be left out, since each cluster has a port of its own', () =>
    expect(messages(app, [SMALL.slice(SMALL.indexOf('  routes:'), SMALL.indexOf('load:')), ''])).toEqual([]))

  test('any cluster and header may be met, and how often is not known before', () =>
    expect(
      messages(
        app,
        [FAULT, '{ cluster: stock, abort: 503, when: { header: { x-of: the-app } } }'],
        [CLAIM, '{ phase: storm, retries: 9 }'],
      ),
    ).toEqual([]))

  test("a fault before the router is right for a policy that is the app's own", () =>
    expect(messages(app, [FAULT, '{ cluster: cart, abort: 503, at: ingress }'], [CLAIM, '{ phase: storm, attempts: 1 }'])).toEqual([]))
})
