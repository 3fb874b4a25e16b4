import { describe, expect, test } from 'vitest'
import { answered503, attempt, cut, egress, inLine, lost, record, settings, several, tell } from './made-up.ts'

const BREAKERS = 'envoy.clusters.inventory.circuit_breakers'
const OUTLIER = 'envoy.clusters.inventory.outlier_detection'
const ROUTE = 'envoy.routes[0]'
const RETRY = `${ROUTE}.retry_policy`

describe('a storm of retries', () => {
  const route = 'retry_policy: { retry_on: [gateway-error], num_retries: 2, per_try_timeout: 30ms }'
  const claim = { metric: 'retry_amplification', asked: '<= 2', value: 3 }
  const tries = (i: number, faults: string[]) =>
    [0, 30, 60].map((after, n) => {
      const start = i * 100 + 1 + after
      return cut(n + 1, start, { stub: inLine(start, 200), hop: { start, durationMs: 30, status: 0, flags: [], faults } })
    })

  test('is blamed on max_retries where most tries are cut in the line before the workers', () => {
    const [first] = tell({ route, claim, records: several(100, (i) => lost(i, tries(i, []))) })
    expect(first).toMatchObject({ phase: 'brownout', fromMs: 10_000, toMs: 20_000, setting: `${BREAKERS}.max_retries` })
    expect(first?.text).toBe(
      `from 10s on retries kept themselves going: up to 3 attempts for each request, most of them cut in the line before the workers of inventory (200ms at most); ${BREAKERS}.max_retries (3, the default) is too high to hold them back`,
    )
  })

  test('is blamed on the budget where there is one', () => {
    const cluster = 'circuit_breakers: { retry_budget: { budget_percent: { value: 100 } } }'
    expect(settings({ route, cluster, claim, records: several(100, (i) => lost(i, tries(i, []))) })).toEqual([`${BREAKERS}.retry_budget`])
  })

  test('is none where a fault makes the tries late', () => {
    expect(settings({ route, claim, records: several(100, (i) => lost(i, tries(i, ['brownout-1']))) })).not.toContain(
      `${BREAKERS}.max_retries`,
    )
  })
})

describe('refusals', () => {
  const refused = (i: number) => lost(i, [], { rejectedBy: 'max_requests', durationMs: 0.2 }, 1)

  test('are blamed on the limit, as below capacity where workers were free', () => {
    const made = { cluster: 'circuit_breakers: { max_requests: 2 }', records: several(40, refused) }
    expect(tell(made)[0]?.text).toBe(
      `40 of 100 requests were refused by a full breaker: ${BREAKERS}.max_requests (2) is below what comes at once`,
    )
    expect(tell({ ...made, upstream: 'workers: 4' })[0]?.text).toBe(
      `40 of 100 requests were refused, although not all 4 workers of inventory were busy: ${BREAKERS}.max_requests (2) is below its capacity`,
    )
  })

  test('blame nobody while all workers were busy: the load is too much', () => {
    // It takes the only worker from before the phase until after it.
    const long = record(99, {
      end: 22_000,
      egress: egress(9900.5, { durationMs: 12_099 }),
      attempts: [
        attempt(1, 9901, {
          durationMs: 12_098,
          stub: { arrived: 9901, started: 9901, due: 21_999, answered: 21_999, status: 200, busy: 1, queued: 0 },
        }),
      ],
    })
    const made = { upstream: 'workers: 1', cluster: 'circuit_breakers: { max_requests: 1 }' }
    expect(settings({ ...made, records: [long, ...several(40, refused)] })).toEqual([])
    expect(settings({ ...made, records: several(40, refused) })).toEqual([`${BREAKERS}.max_requests`])
  })

  test('of retries are blamed on what suppressed them', () => {
    const records = several(40, (i) => lost(i, [answered503(1, i * 100 + 1)], { retrySuppressedBy: 'max_retries' }))
    expect(settings({ route: 'retry_policy: { retry_on: [5xx] }', records })).toEqual([`${BREAKERS}.max_retries`])
  })
})

describe('outlier detection', () => {
  const claim = { phase: 'recovery', metric: 'success_rate', asked: '>= 99%', value: 0 }
  const unhealthy = Array.from({ length: 100 }, (_, i) => lost(200 + i, [], { flags: ['UH'] }))
  const cluster = 'outlier_detection: { base_ejection_time: 30s }'

  test('that keeps hosts out when the fault is over is blamed on base_ejection_time', () => {
    const ejections = [{ cluster: 'inventory', from: 19_000, to: Number.POSITIVE_INFINITY }]
    expect(settings({ cluster, claim, records: unhealthy, observed: { ejections } })).toEqual([`${OUTLIER}.base_ejection_time`])
    expect(settings({ cluster, claim, records: unhealthy })).toEqual([])
  })

  test('that has no room for one that fails again and again is blamed on max_ejection_percent', () => {
    const atSecond = several(40, (i) => lost(i, [answered503(1, i * 100 + 1, { replica: 2 })]))
    const capped = { upstream: 'replicas: 3', cluster: 'outlier_detection: { max_ejection_percent: 33 }', records: atSecond }
    expect(settings(capped)).toEqual([`${OUTLIER}.max_ejection_percent`])
    expect(settings({ ...capped, cluster: 'outlier_detection: { max_ejection_percent: 34 }' })).toEqual([])
    // Every second try at that host goes well: none would be ejected at any percentage.
    const byTurns = several(80, (i) =>
      i % 2 === 0
        ? lost(i, [answered503(1, i * 100 + 1, { replica: 2 })])
        : record(i, { attempts: [attempt(1, i * 100 + 1, { replica: 2 })] }),
    )
    expect(settings({ ...capped, records: byTurns })).toEqual([])
  })
})

describe('waits', () => {
  const claim = { metric: 'p90', asked: '<= 200ms', value: 500 }
  const late = (i: number, changes: Parameters<typeof attempt>[2]) =>
    record(i, {
      end: i * 100 + 500,
      egress: egress(i * 100 + 0.5, { durationMs: 499 }),
      attempts: [attempt(1, i * 100 + 1, { durationMs: 498, ...changes })],
    })
  const full = { connectionOverflows: { inventory: 7 } }

  test('for an answer are blamed on the limit that watches it', () => {
    const records = several(40, (i) => late(i, {}))
    expect(settings({ claim, records, route: 'timeout: 2s' })).toEqual([`${ROUTE}.timeout`])
    const retried = 'timeout: 2s, retry_policy: { retry_on: [5xx], per_try_timeout: 900ms }'
    expect(settings({ claim, records, route: retried })).toEqual([`${RETRY}.per_try_timeout`])
  })

  test('for a worker are blamed on max_requests, and for a connection on what lets them wait', () => {
    const line = several(40, (i) => late(i, { stub: inLine(i * 100 + 1, 450) }))
    expect(settings({ claim, records: line })).toEqual([`${BREAKERS}.max_requests`])
    const records = several(40, (i) => late(i, { poolMs: 450 }))
    expect(settings({ claim, records })).toEqual(['envoy.clusters.inventory.connect_timeout'])
    const phases = ['baseline', 'brownout', 'recovery'].map((name, i) => ({
      ...{ name, from: i * 10_000, to: (i + 1) * 10_000, complete: true, applied: i * 10_000, stalls: [], ejections: {} },
      ...{ lateness: { p99: 0, max: 0 }, stubLag: { p99: 0, max: 0 }, envoyLag: { p99: 0, max: 0 }, ...full },
    }))
    expect(settings({ claim, records, observed: { phases } })).toEqual([`${BREAKERS}.max_pending_requests`])
  })

  test('for half a body are blamed on request_timeout', () => {
    const records = several(40, (i) => late(i, {}))
    const request = 'POST: /photos, body: abcdefghij, upload: { over: 400ms }'
    expect(settings({ claim, records, request })).toEqual(['envoy.http_connection_manager.request_timeout'])
  })

  test('that hedging goes on with are nobody to blame', () => {
    const route = 'retry_policy: { retry_on: [5xx], per_try_timeout: 900ms }, hedge_policy: { hedge_on_per_try_timeout: true }'
    expect(settings({ claim, route, records: several(40, (i) => late(i, {})) })).toEqual([])
  })
})

describe('limits of time', () => {
  test('that end what would have been answered are too short; a hanging upstream would not have', () => {
    const ended = (faults: string[]) =>
      several(40, (i) => {
        const start = i * 100 + 1
        const hop = { start, durationMs: 90, status: 0, flags: [], faults }
        return lost(i, [attempt(1, start, { status: 0, durationMs: 90, cutBy: 'route', hop })], { cutBy: 'route' })
      })
    expect(tell({ route: 'timeout: 100ms', records: ended(['brownout-1']) })[0]).toMatchObject({
      setting: `${ROUTE}.timeout`,
      text: `40 of 100 requests were cut by a limit that leaves an answer too little time: ${ROUTE}.timeout (100ms) is too short`,
    })
    expect(settings({ route: 'timeout: 100ms', fault: 'hang: true', records: ended(['brownout-1']) })).toEqual([])
  })

  test('that were to cut and never did are too long, and nothing is said of one that did', () => {
    const made = { route: 'timeout: 2s', claim: { metric: 'timeouts.route', asked: '>= 50', value: 0 } }
    expect(tell(made)[0]?.text).toBe(
      `none of 100 requests was cut by a limit that was to do so, the longest took 22ms: ${ROUTE}.timeout (2s) is longer than that`,
    )
    expect(settings({ ...made, claim: { ...made.claim, value: 3 } })).toEqual([])
  })
})

describe('retries', () => {
  const route = (more: string) => `retry_policy: { ${more} }`
  const failedOnce = (status: number) => several(20, (i) => lost(i, [answered503(1, i * 100 + 1, { status })]))

  test('that are used up where most tries go well are blamed on num_retries', () => {
    expect(settings({ route: route('retry_on: [5xx], num_retries: 0'), records: failedOnce(503) })).toEqual([`${RETRY}.num_retries`])
    // Of 100 tries 60 fail: one more fails most of the time, too.
    const most = several(60, (i) => lost(i, [answered503(1, i * 100 + 1)]))
    expect(settings({ route: route('retry_on: [5xx], num_retries: 0'), records: most })).toEqual([])
    expect(settings({ records: failedOnce(503) }), 'without a retry_policy').toEqual([])
  })

  test('that are left and not made are blamed on what names the failures', () => {
    expect(settings({ route: route('retry_on: [connect-failure], num_retries: 2'), records: failedOnce(503) })).toEqual([
      `${RETRY}.retry_on`,
    ])
    const codes = route('retry_on: [retriable-status-codes], retriable_status_codes: [418], num_retries: 2')
    expect(settings({ route: codes, records: failedOnce(429) })).toEqual([`${RETRY}.retriable_status_codes`])
  })

  test('of an answer that had begun are not to be made by any setting', () => {
    const broken = several(20, (i) => lost(i, [attempt(1, i * 100 + 1, { flags: ['UPE'] })], { status: 200 }))
    expect(settings({ route: route('retry_on: [5xx], num_retries: 2'), records: broken })).toEqual([])
  })

  test('that begin when per_try_timeout cuts: too short where it cuts most tries, else more of them would help', () => {
    const cutOnce = (count: number) => several(count, (i) => lost(i, [cut(1, i * 100 + 1)]))
    const own = route('retry_on: [5xx], num_retries: 0, per_try_timeout: 30ms')
    expect(settings({ route: own, records: cutOnce(60) })).toEqual([`${RETRY}.per_try_timeout`])
    expect(settings({ route: own, records: cutOnce(20) })).toEqual([`${RETRY}.num_retries`])
    const off = `${own}, hedge_policy: { hedge_on_per_try_timeout: false }`
    expect(settings({ route: off, records: cutOnce(60) })).toEqual([`${ROUTE}.hedge_policy.hedge_on_per_try_timeout`])
  })
})

describe('who is blamed', () => {
  const suppressed = (count: number, from = 0) =>
    several(count, (i) => lost(i + from, [answered503(1, (i + from) * 100 + 1)], { retrySuppressedBy: 'max_retries' }))
  const refused = (count: number, from: number) => several(count, (i) => lost(i + from, [], { rejectedBy: 'max_requests' }))
  const route = 'retry_policy: { retry_on: [5xx] }'

  test('a setting that less than a third of the bad requests lead to is not', () => {
    expect(settings({ route, records: [...suppressed(41), ...refused(20, 41)] })).toEqual([`${BREAKERS}.max_retries`])
    // 20 of 60 are a third.
    expect(settings({ route, records: [...suppressed(40), ...refused(20, 40)] })).toEqual([
      `${BREAKERS}.max_retries`,
      `${BREAKERS}.max_requests`,
    ])
  })

  test.each(['pass', 'inconclusive'] as const)('nobody where the claim ended as %s', (status) => {
    expect(settings({ route, records: suppressed(40), claim: { metric: 'success_rate', asked: '>= 99%', value: 0.6, status } })).toEqual([])
  })

  test('nobody by requests that another claim is about', () => {
    const claim = { phase: 'baseline', metric: 'success_rate', asked: '>= 99%', value: 0.6 }
    expect(settings({ route, records: suppressed(40), claim })).toEqual([])
  })

  test('nobody where more succeeded than was claimed', () => {
    const claim = { metric: 'success_rate', asked: '<= 50%', value: 0.6 }
    expect(settings({ route, records: suppressed(40), claim })).toEqual([])
  })
})
