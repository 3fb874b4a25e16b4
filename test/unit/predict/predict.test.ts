import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compilePlan } from '../../../src/plan/compile.ts'
import { type PhasePrediction, predict, together } from '../../../src/predict/predict.ts'
import { scenarioOf } from '../../helpers/scenario.ts'

interface Small {
  upstream?: string
  cluster?: string
  route?: string
  load?: string
  rate?: number
  faults?: string
}

function phaseOf({ upstream = 'latency: 10ms', cluster = '', route = '', load = '', rate = 200, faults = '' }: Small): PhasePrediction {
  const scenario = scenarioOf(`
upstreams: { up: { ${upstream} } }
envoy:
  clusters: { up: { ${cluster} } }
  routes: [{ match: { prefix: / }, cluster: up${route === '' ? '' : `, ${route}`} }]
load: { rate: ${rate}/s${load === '' ? '' : `, ${load}`} }
phases: [{ name: all, for: 4s, faults: [${faults}] }]
`)
  return predict(scenario, compilePlan(scenario)).phases[0] as PhasePrediction
}

const success = (small: Small) => together(phaseOf(small).kinds, 'success')
const attempts = (small: Small) => together(phaseOf(small).kinds, 'attempts')
const slowest = (small: Small) => phaseOf(small).kinds[0]?.slowest
const why = (small: Small) => phaseOf(small).kinds.flatMap((kind) => kind.why)

const UNLIMITED = 'circuit_breakers: { max_retries: 1000 }'
const RETRIED = 'retry_policy: { retry_on: [5xx], num_retries: 2, per_try_timeout: 250ms }'
const TENTH = '{ cluster: up, delay: 400ms, percent: 10 }'
const about = (value: number) => ({ low: expect.closeTo(value, 6), high: expect.closeTo(value, 6) })

describe('a tenth of the tries hangs, three are made', () => {
  const small = { cluster: UNLIMITED, route: `timeout: 1s, ${RETRIED}`, faults: TENTH }
  test('1 − 0.1³ succeed', () => expect(success(small)).toEqual(about(0.999)))
  test('1 + 0.1 + 0.01 tries are made', () => expect(attempts(small)).toEqual(about(1.11)))
  test('three tries of 250 ms, and waits below 25 and 50 ms', () => expect(slowest(small)).toEqual({ ms: 825, by: 'per_try_timeout' }))
  test('a timeout below that ends it', () =>
    expect(slowest({ ...small, route: `timeout: 700ms, ${RETRIED}` })).toEqual({ ms: 700, by: 'timeout' }))
  // 200/s × 1.11 × (0.1 × 250 + 0.9 × 10 ms) = 7.5 tries at once.
  test('so many tries are in flight', () => expect(phaseOf(small).clusters[0]?.inFlight).toBeCloseTo(200 * 1.11 * 0.034, 2))
  test('callers see 504 where they see no answer', () =>
    expect(phaseOf(small).kinds[0]?.statuses).toEqual([
      { status: 200, share: expect.closeTo(0.999, 6) },
      { status: 504, share: expect.closeTo(0.001, 6) },
    ]))
})

describe('faults that the stub makes', () => {
  test('a hang is ended by the next limit that there is, at last by the silence of the whole', () => {
    const hang = '{ cluster: up, hang: true }'
    expect(slowest({ cluster: UNLIMITED, route: `timeout: 1s, ${RETRIED}`, faults: hang })).toEqual({ ms: 825, by: 'per_try_timeout' })
    expect(slowest({ faults: hang, load: 'deadline: 20s' })).toEqual({ ms: 15_000, by: 'timeout' })
    expect(slowest({ route: 'timeout: 0s', faults: hang })).toEqual({ ms: 300_000, by: 'idle_timeout' })
  })

  // Ten times 10 ms, at half of the tries: 200/s × 55 ms are 11 workers' work.
  test('slow is work for the workers', () => {
    const slow = { upstream: 'latency: 10ms, workers: 10', faults: '{ cluster: up, slow: 10, percent: 50 }' }
    expect(phaseOf(slow).clusters[0]?.utilisation).toBeCloseTo(1.1, 2)
    expect(why(slow)).toEqual([expect.stringContaining('the stubs have work for 110% of their workers')])
  })

  const BODY = 'latency: 10ms, respond: { body: "0123456789" }'
  test('what breaks off is no success, and known 1 s later', () => {
    const broken = { upstream: BODY, faults: '{ cluster: up, truncate: 50%, percent: 20 }' }
    expect(success(broken)).toEqual(about(0.8))
    expect(slowest(broken)).toEqual({ ms: 1010, by: 'answer' })
  })

  test('a body that outlasts the timeout breaks off, too', () => {
    const cut = { upstream: BODY, route: 'timeout: 500ms', faults: '{ cluster: up, slow_body: 2s, percent: 20 }' }
    expect(phaseOf(cut).kinds[0]?.statuses).toEqual([
      { status: 200, share: expect.closeTo(0.8, 6) },
      { status: null, share: expect.closeTo(0.2, 6) },
    ])
    expect(slowest(cut)).toEqual({ ms: 1500, by: 'timeout' })
  })
})

describe('what hangs on a few ms is left open', () => {
  // 246 ms may be cut at 250 ms, or not.
  test('a delay just below per_try_timeout', () =>
    expect(
      success({
        cluster: UNLIMITED,
        route: 'retry_policy: { retry_on: [reset], num_retries: 0, per_try_timeout: 250ms }',
        faults: '{ cluster: up, delay: 236ms, percent: 50 }',
      }),
    ).toEqual({
      low: expect.closeTo(0.5, 6),
      high: expect.closeTo(1, 6),
    }))
})

describe('before the router', () => {
  test('an abort is seen as it is, and no try is made of it', () => {
    const small = { cluster: UNLIMITED, route: RETRIED, faults: '{ cluster: up, abort: 503, percent: 20, at: ingress }' }
    expect(success(small)).toEqual(about(0.8))
    expect(attempts(small)).toEqual(about(1))
  })
  test('a delay is no matter of the timeout, but of the deadline', () => {
    const small = { route: 'timeout: 100ms', faults: '{ cluster: up, delay: 300ms, percent: 50, at: ingress }' }
    expect(success(small)).toEqual(about(1))
    expect(success({ ...small, load: 'deadline: 200ms' })).toEqual(about(0.5))
    expect(slowest(small)).toEqual({ ms: 310, by: 'answer' })
  })
})

test('an abort with a condition counts by the weight of the requests that meet it', () =>
  expect(
    success({
      load: 'requests: [{ GET: /, weight: 3 }, { GET: /, name: vip, headers: { X-Vip: a } }]',
      faults: '{ cluster: up, abort: 503, when: { header: { x-vip: a } } }',
    }),
  ).toEqual(about(0.75)))

test('a request counts as success by its own success_status', () =>
  expect(success({ load: 'requests: [{ GET: /, success_status: [503] }]', faults: '{ cluster: up, abort: 503, percent: 30 }' })).toEqual(
    about(0.3),
  ))

describe('one replica of three is sick', () => {
  const small = { upstream: 'replicas: 3, latency: 10ms', faults: '{ cluster: up, replica: 1, abort: 503 }' }
  test('without retries it is a third of the requests', () => expect(success(small)).toEqual(about(2 / 3)))
  const retried = { ...small, cluster: UNLIMITED, route: 'retry_policy: { retry_on: [5xx], num_retries: 1 }' }
  test('a retry may meet it again', () => expect(success(retried)).toEqual(about(1 - 1 / 9)))
  // 40/s × 4/3 tries × 12.5 ms of back-off: 0.7 come between a try and its retry.
  test('at a low rate the order of round robin decides, which is not predicted', () => {
    expect(success({ ...retried, rate: 40 })).toBeNull()
    expect(why({ ...retried, rate: 40 })).toEqual([expect.stringContaining('round robin')])
  })
})

describe('what limits make of it is said, not guessed', () => {
  const half = { route: 'retry_policy: { retry_on: [5xx], num_retries: 2 }', faults: '{ cluster: up, abort: 503, percent: 50 }' }
  test('retries beyond max_retries: between none and all', () => {
    expect(success(half)).toEqual({ low: expect.closeTo(0.5, 6), high: expect.closeTo(1 - 0.5 ** 3, 6) })
    expect(attempts(half)).toEqual({ low: expect.closeTo(1, 6), high: expect.closeTo(1.75, 6) })
    expect(why(half)).toEqual([expect.stringContaining('max_retries: 3 (the default)')])
    expect(why({ ...half, cluster: UNLIMITED })).toEqual([])
  })
  test.each([
    // 200/s × 110 ms = 22 in flight.
    ['max_requests', { cluster: 'circuit_breakers: { max_requests: 10 }', faults: '{ cluster: up, delay: 100ms }' }],
    ['max_connections', { cluster: 'circuit_breakers: { max_connections: 10 }', faults: '{ cluster: up, delay: 100ms }' }],
    // 200/s × 30 ms: six workers' work for four.
    ['workers', { upstream: 'workers: 4, latency: 30ms' }],
    [
      'outlier_detection',
      {
        upstream: 'replicas: 2, latency: 10ms',
        cluster: 'outlier_detection: { max_ejection_percent: 50 }',
        faults: '{ cluster: up, replica: 1, abort: 503 }',
      },
    ],
  ])('%s', (what, small) => {
    expect(success(small)).toBeNull()
    expect(why(small)).toEqual([expect.stringContaining(what)])
  })
  test('even tries below the limit do not fill it', () =>
    // 2 in flight at all times, never 4.
    expect(success({ cluster: 'circuit_breakers: { max_requests: 3 }' })).toEqual(about(1)))
  test('detection of five failures in a row does not come up where one try in a hundred fails', () =>
    expect(
      success({
        upstream: 'replicas: 2',
        cluster: 'outlier_detection: { max_ejection_percent: 50 }',
        faults: '{ cluster: up, abort: 503, percent: 1 }',
      }),
    ).toEqual(about(0.99)))
})

test('what load.target makes of a request is not known', () => {
  const scenario = scenarioOf('upstreams: { up: {} }\nload: { rate: 10/s, target: "http://127.0.0.1:1" }\nphases: [{ name: all, for: 1s }]')
  expect(predict(scenario, compilePlan(scenario))).toMatchObject({ phases: [], none: expect.stringContaining('load.target') })
})

describe('whatever the percentage, the number of retries and the limits', () => {
  const anyCase = fc.record({
    percent: fc.integer({ min: 1, max: 99 }),
    retries: fc.integer({ min: 0, max: 6 }),
    delay: fc.integer({ min: 1, max: 900 }),
    perTry: fc.integer({ min: 20, max: 500 }),
    timeout: fc.integer({ min: 50, max: 2000 }),
  })
  type Case = { percent: number; retries: number; delay: number; perTry: number; timeout: number }
  const of = ({ percent, retries, delay, perTry, timeout }: Case): Small => ({
    cluster: UNLIMITED,
    route: `timeout: ${timeout}ms, retry_policy: { retry_on: [5xx], num_retries: ${retries}, per_try_timeout: ${perTry}ms }`,
    faults: `{ cluster: up, delay: ${delay}ms, percent: ${percent} }`,
  })

  test('shares lie from 0 to 1, tries from 1 to all', () =>
    fc.assert(
      fc.property(anyCase, (any) => {
        const [kind] = phaseOf(of(any)).kinds
        const { success, attempts } = kind ?? {}
        if (!success || !attempts) return
        expect(success.low).toBeGreaterThanOrEqual(0)
        expect(success.high).toBeLessThanOrEqual(1)
        expect(attempts.low).toBeGreaterThan(1 - 1e-9)
        expect(attempts.high).toBeLessThan(2 + any.retries + 1e-9)
      }),
      { numRuns: 40 },
    ))

  test('a rarer fault never means fewer successes', () =>
    fc.assert(
      fc.property(anyCase, fc.integer({ min: 1, max: 98 }), (any, less) => {
        const [often, seldom] = [success(of(any)), success(of({ ...any, percent: Math.max(1, any.percent - less) }))]
        if (often && seldom) expect(seldom.low).toBeGreaterThanOrEqual(often.low - 1e-6)
      }),
      { numRuns: 40 },
    ))
})

describe('the rate of a closed loop follows from how soon its callers are answered', () => {
  const rate = (more: string) => {
    const scenario = scenarioOf(`upstreams: { up: { latency: 9ms } }\nload: { connections: 10${more} }\nphases: [{ name: all, for: 1s }]`)
    return predict(scenario, compilePlan(scenario)).phases[0]?.rate
  }
  // 9 ms of service and 1 ms of sockets.
  test('10 callers, 10 ms each: 1,000/s', () => expect(rate('')).toBeCloseTo(1000, 6))
  test('who thinks for 90 ms asks a tenth as often', () => expect(rate(', think: 90ms')).toBeCloseTo(100, 6))
})

describe('what is told of requests that take long to send', () => {
  const scenario = scenarioOf(`
upstreams: { up: {} }
envoy: { routes: [{ match: { prefix: / }, cluster: up, timeout: 900ms }] }
load: { rate: 10/s, requests: [{ name: quick, GET: / }, { name: slow, POST: /, body: abc, upload: { over: 2s } }] }
phases: [{ name: all, for: 2s }]
`)
  const [quick, slow] = predict(scenario, compilePlan(scenario)).phases[0]?.kinds ?? []
  test('only they are left open', () => {
    expect(quick?.success).toEqual(about(1))
    expect([slow?.success, slow?.why]).toEqual([null, [expect.stringContaining('upload')]])
  })
  test('their time is part of the worst case', () => expect(slow?.slowest).toEqual({ ms: 2900, by: 'timeout' }))
})
