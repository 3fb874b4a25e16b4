import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ChaosError } from '../../src/errors.ts'
import { type Prepared, prepare } from '../../src/prepare.ts'
import { SMALL } from './scenario/example.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'chaos-prepare-'))
  mkdirSync(join(root, '.git'))
})
afterAll(() => rmSync(root, { recursive: true }))

const CLAIM = '{ phase: calm, success_rate: ">= 99%" }'
const FAULT = '{ cluster: cart, abort: 503 }'
type Change = [string, string]

function prepared(changes: Change[]): Prepared {
  let text = SMALL
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`${from} is not in the text`)
    text = text.replace(from, to)
  }
  const file = join(root, 's.yaml')
  writeFileSync(file, text)
  return prepare(file, {})
}

function problems(...changes: Change[]): string[] {
  try {
    prepared(changes)
    return []
  } catch (error) {
    if (error instanceof ChaosError) return error.problems.map(({ line, col, message }) => `${line}:${col}: ${message}`)
    throw error
  }
}

const warnings = (...changes: Change[]) => prepared(changes).warnings.map(({ line, col, message }) => `${line}:${col}: ${message}`)

test('the scenario that these tests vary is sound, and nothing is to be said of it', () => {
  expect(problems()).toEqual([])
  expect(warnings()).toEqual([])
})

describe('all problems of a well-formed file come at once', () => {
  test('names, what could never be, missing samples, the target and sample sizes, in the order of the text', () => {
    expect(
      problems(
        ['stock: {}', 'stock: { latency: { samples: ./no.txt } }'],
        ['rate: 100/s', 'rate: 100/s\n  target: http://192.0.2.1'],
        [
          `- ${CLAIM}`,
          '- { phase: clam, success_rate: ">= 99%" }\n  - { phase: calm, success_rate: ">= 99.99%" }\n  - { phase: calm, recovers_within: 1s }\n  - { ejections: ">= 1" }',
        ],
      ),
    ).toEqual([
      '2:66: upstreams.stock.latency.samples: "./no.txt" does not exist',
      '10:11: load.target 192.0.2.1 is neither started by this run nor this machine',
      '19:14: expect[0].phase: unknown phase "clam"',
      expect.stringMatching(/^20:34: success_rate ">= 99\.99%" needs [\d,]+ clean requests/),
      expect.stringContaining('21:37: expect[2].recovers_within: needs a phase with faults right before this one'),
      expect.stringContaining('22:18: expect[3].ejections: can never hold'),
    ])
  })

  test('a value that could not be read says nothing of the whole', () =>
    expect(problems(['retry_on: [5xx]', 'retry_on: [5xx], num_retries: .nan'], [CLAIM, '{ retries: ">= 1" }'])).toHaveLength(1))

  test('the error counts them', () =>
    expect(() => prepared([[CLAIM, '{ phase: calm, success_rate: ">= 99.99%", max: ">= 0ms" }']])).toThrow(
      expect.objectContaining({ message: `${join(root, 's.yaml')} has 2 problems` }),
    ))

  test.each<[string, Change[]]>([
    ['an unknown phase', [[CLAIM, '{ phase: clam, success_rate: ">= 99.999%" }']]],
    ['an unknown request', [[CLAIM, '{ phase: calm, request: jasn, success_rate: ">= 99%" }']]],
    ['an unknown cluster', [[CLAIM, '{ phase: calm, cluster: crt, success_rate: ">= 99%" }']]],
    [
      'a fault with an unknown cluster',
      [
        [FAULT, '{ cluster: crt, abort: 503 }'],
        [CLAIM, '{ phase: storm, given: { fault: abort }, status: 503, fault_share: ">= 1%" }'],
      ],
    ],
    [
      'a fault whose header nobody sends',
      [
        [FAULT, '{ cluster: cart, abort: 503, when: { header: { x-user: ann } } }'],
        [CLAIM, '{ phase: storm, given: { fault: abort }, status: 503 }'],
      ],
    ],
    [
      'a route to an unknown cluster',
      [
        ['prefix: / }, cluster: cart', 'prefix: / }, cluster: crt'],
        [CLAIM, '{ phase: storm, cluster: cart, given: { fault: abort }, status: 503 }'],
      ],
    ],
    [
      'a request without a route',
      [
        ['prefix: /stock }', 'prefix: /sock }'],
        ['prefix: / }', 'prefix: /cart }'],
        [CLAIM, '{ phase: calm, cluster: stock, status: 200 }'],
      ],
    ],
    [
      'a phase without a request',
      [
        ['calm, for: 10s', 'calm, for: 5ms'],
        [CLAIM, '{ phase: calm, status: 200 }'],
      ],
    ],
    ['a given fault that the phase does not have', [[CLAIM, '{ phase: calm, given: { fault: delay }, status: 200 }']]],
    ['a recovery of what was never broken', [[CLAIM, '{ phase: calm, recovers_within: 1s }']]],
    [
      'a load beyond all bounds',
      [
        ['100/s', '20000/s'],
        ['calm, for: 10s', 'calm, for: 1h'],
        [CLAIM, '{ phase: calm, settle: 2h, status: 200 }'],
      ],
    ],
  ])('%s is told once, without echoes from the claims on it', (_what, changes) => expect(problems(...changes)).toHaveLength(1))
})

describe('warnings', () => {
  const claims = (claim: string): Change => [CLAIM, claim]
  const cart = (policy: string): Change => ['circuit_breakers: { max_requests: 64 }', policy]
  const route = (keys: string): Change => ['cluster: cart, retry_policy: { retry_on: [5xx] }', `cluster: cart, ${keys}`]
  const only: Change = ['    - { name: stock, GET: /stock }\n', '']

  test.each<[string, Change[], string[]]>([
    [
      'no ejections without outlier detection',
      [claims('{ ejections: 0 }')],
      ['18:18: expect[0].ejections: holds whatever happens: no cluster has outlier_detection, which is what ejects hosts'],
    ],
    [
      'of one cluster',
      [claims('{ cluster: cart, ejections: "<= 3" }')],
      ['18:33: expect[0].ejections: holds whatever happens: cart has no outlier_detection, which is what ejects hosts'],
    ],
    [
      'no cut tries without a per_try_timeout',
      [claims('{ timeouts: { per_try: 0, connect: 0 } }')],
      ['18:28: expect[0].timeouts.per_try: holds whatever happens: no route of these requests has a per_try_timeout'],
    ],
    [
      'no retries without a retry_policy',
      [claims('{ request: stock, retries: 0 }')],
      ['18:32: expect[0].retries: holds whatever happens: the route to stock has no retry_policy'],
    ],
    [
      'no end by a timeout that is not there',
      [route('timeout: 0s'), claims('{ request: jason, timeouts: { route: 0 } }')],
      ['18:42: expect[0].timeouts.route: holds whatever happens: the route to cart has no timeout above 0s, and 0s means no limit'],
    ],
    [
      'outlier detection that can eject nobody, once, also where a claim is about it',
      [cart('outlier_detection: { consecutive_5xx: 3 }'), claims('{ cluster: cart, ejections: 0 }')],
      [
        '4:42: envoy.clusters.cart.outlier_detection: max_ejection_percent: 10 (the default) lets none of the 2 replicas of cart be ejected',
      ],
    ],
    [
      'a per_try_timeout that comes too late, once, also where a claim is about it',
      [
        only,
        route('timeout: 1s, retry_policy: { retry_on: [5xx], per_try_timeout: 1s }'),
        claims('{ request: jason, timeouts: { per_try: 0 } }'),
      ],
      ['7:109: envoy.routes[1].retry_policy.per_try_timeout: never acts: 1s is not below timeout: 1s, which ends the request before'],
    ],
    [
      'and after the default of timeout',
      [route('retry_policy: { retry_on: [5xx], per_try_timeout: 20s }')],
      [expect.stringContaining('20s is not below timeout: 15s (the default)') as unknown as string],
    ],
    [
      'tries that never begin',
      [route('timeout: 1s, retry_policy: { retry_on: [5xx], num_retries: 4, per_try_timeout: 400ms }')],
      [
        expect.stringContaining(
          'of 5 tries that hang, only 3 begin: after 3 × 400ms, timeout: 1s has ended the request',
        ) as unknown as string,
      ],
    ],
    [
      'a percent that looks like a share',
      [[FAULT, '{ cluster: cart, abort: 503, percent: 0.5 }']],
      ['15:78: phases[1].faults[0].percent: 0.5 means 0.5 of 100, not a share of 1'],
    ],
  ])('%s', (_what, changes, expected) => expect(warnings(...changes)).toEqual(expected))

  test.each<[string, Change[]]>([
    ['ejections where a host can be ejected', [cart('outlier_detection: { max_ejection_percent: 50 }'), claims('{ ejections: 0 }')]],
    ['retries of some of the requests', [claims('{ retries: 0 }')]],
    [
      'retries by an app',
      [['rate: 100/s', 'rate: 100/s\n  target: http://127.0.0.1:1'], claims('{ retries: 0, timeouts: { per_try: 0 } }')],
    ],
    [
      'a last try that is only cut short',
      [route('timeout: 1s, retry_policy: { retry_on: [5xx], num_retries: 2, per_try_timeout: 400ms }')],
    ],
    [
      'tries that are not repeated when they hang',
      [route('timeout: 1s, retry_policy: { retry_on: [connect-failure], num_retries: 4, per_try_timeout: 400ms }')],
    ],
    ['one percent', [[FAULT, '{ cluster: cart, abort: 503, percent: 1 }']]],
  ])('none of %s', (_what, changes) => expect(warnings(...changes)).toEqual([]))

  test('each has a hint and the line that it is about', () => {
    for (const { hint, frame } of prepared([claims('{ ejections: 0 }'), [FAULT, '{ cluster: cart, abort: 503, percent: 0.5 }']]).warnings) {
      expect(hint).toMatch(/./)
      expect(frame).toContain('^')
    }
  })
})

test('a fault that chooses requests of which there are too few is refused', () => {
  // 10 s at 100/s, and half of the requests go to cart.
  const told = (asked: string) =>
    problems([FAULT, `{ cluster: cart, abort: 503, ${asked} }`]).map((problem) => problem.replace(/^\d+:\d+: /, ''))
  expect(told('every: 100')).toEqual([])
  expect(told('every: 5000')).toEqual([
    expect.stringMatching(
      /^phases\[1\]\.faults\[0\]\.every: the fault could never fire: of the \d+ requests of phase "\w+" that the fault is for, every: 5000 chooses none$/,
    ),
  ])
  expect(told('first: 5000')).toEqual([
    expect.stringMatching(/\.first: asks for more than there are: the \d+ requests of phase "\w+" that the fault is for$/),
  ])
  expect(told('percent: 0.01, mode: exact')).toEqual([
    expect.stringMatching(/\.percent: the fault could never fire: .*, exactly 0\.01% chooses none$/),
  ])
})
