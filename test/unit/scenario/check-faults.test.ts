import { describe, expect, test } from 'vitest'
import { CLAIM, FAULT, messages, WORKERS } from './problems.ts'

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
