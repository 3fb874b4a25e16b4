import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toResults } from '../../../src/report/results.ts'
import { resultsJsonSchema, resultsSchema } from '../../../src/report/results-schema.ts'
import { anyRun } from './any-run.ts'
import { failed, interrupted, neverStarted, outcome, plan, record, run, scenario } from './sample-run.ts'

test('schema/results.schema.json is what the schema says (vitest -u writes it)', async () => {
  await expect(`${JSON.stringify(resultsJsonSchema(), null, 2)}\n`).toMatchFileSnapshot('../../../schema/results.schema.json')
})

test.each([
  ['a pass', run()],
  ['a failure', failed()],
  ['an interrupted run', interrupted()],
  ['a run that never started', neverStarted()],
])('the results of %s are valid, and the same after JSON', (_, any) => {
  const results = toResults(any)
  expect(resultsSchema.parse(results)).toEqual(results)
  expect(JSON.parse(JSON.stringify(results))).toEqual(results)
})

test('the results of whatever a run holds are valid, and the same after JSON', () => {
  fc.assert(
    fc.property(anyRun, (any) => {
      const results = toResults(any)
      expect(resultsSchema.parse(JSON.parse(JSON.stringify(results)))).toEqual(JSON.parse(JSON.stringify(results)))
    }),
    { numRuns: 300 },
  )
})

test.each([
  ['pass', run()],
  ['fail', failed()],
  ['interrupted', interrupted()],
  ['error', neverStarted()],
] as const)('the status is %s, the word that the exit code is made from', (status, any) => {
  expect(toResults(any).status).toBe(status)
})

test('a phase adds up its requests', () => {
  // Request 112: 504 after three tries, each cut. Request 131: one try cut, its retry refused. Request 140: 200, too late.
  expect(toResults(failed()).phases[1]).toMatchInlineSnapshot(`
    {
      "attempts": 102,
      "breaker_rejections": {
        "max_pending_requests": 1,
        "max_requests": 0,
      },
      "breakers": {
        "inventory": {
          "max_connections": {
            "at_least": 2,
            "at_most": 2,
            "is_default": true,
            "limit": 1024,
          },
          "max_pending_requests": {
            "at_least": 1024,
            "at_most": 1024,
            "first_refusal": {
              "after_ms": 3439,
              "offered_per_second": null,
            },
            "is_default": true,
            "limit": 1024,
            "refused": 1,
          },
          "max_requests": {
            "at_least": 2,
            "at_most": 2,
            "first_refusal": null,
            "is_default": true,
            "limit": 1024,
            "refused": 0,
          },
          "max_retries": {
            "at_least": 1,
            "at_most": 2,
            "first_refusal": null,
            "is_default": true,
            "limit": 3,
            "refused": 0,
          },
          "retry_budget": null,
        },
      },
      "complete": true,
      "edge": 0,
      "ejections": {
        "inventory": 0,
      },
      "envoy_lag": {
        "max_ms": 2.5,
        "p99_ms": 0.8,
      },
      "exit_codes": null,
      "faults_applied_ms": 10001.2,
      "from_ms": 10000,
      "latency_ms": {
        "max": 1130,
        "p50": 23.5,
        "p90": 23.5,
        "p99": 962,
      },
      "lateness": {
        "max_ms": 1.9,
        "p99_ms": 0.8,
      },
      "name": "brownout",
      "offered_per_second": 10,
      "predicted": {
        "attempts_per_request": {
          "high": 1.02,
          "low": 1.02,
        },
        "differs": [],
        "open": [],
        "slowest_ms": 1000,
        "success_rate": {
          "high": 0.97,
          "low": 0.97,
        },
      },
      "requests": 100,
      "retries": 2,
      "retries_suppressed": 0,
      "spare_rejections": {},
      "statuses": {
        "200": 98,
        "503": 1,
        "504": 1,
      },
      "stub_lag": {
        "max_ms": 1.1,
        "p99_ms": 0.5,
      },
      "successes": 97,
      "timeouts": {
        "connect": 0,
        "idle": 0,
        "max_stream_duration": 0,
        "per_try": 4,
        "per_try_idle": 0,
        "request": 0,
        "route": 0,
      },
      "to_ms": 20000,
      "unanswered": 0,
      "unjoined": 0,
    }
  `)
})

test('a fault stands with its share and both sources', () => {
  expect(toResults(failed()).faults).toMatchInlineSnapshot(`
    [
      {
        "accepted": {
          "high": 0.211538461538,
          "low": 0.0192307692308,
        },
        "asked_percent": 10,
        "at": "upstream",
        "chosen": null,
        "cluster": "inventory",
        "counted": 11,
        "description": "delay 400ms on inventory",
        "doubt": null,
        "id": "brownout-1",
        "inferred": 11,
        "kind": "delay",
        "matched": 104,
        "met": 11,
        "phase": "brownout",
        "ramp": null,
        "replicas": [
          1,
          2,
        ],
        "share": 0.105769230769,
      },
    ]
  `)
})

describe('infinity', () => {
  const onlyPhase = (records: Parameters<typeof run>[0]) => toResults(run(records)).phases[0]
  const observed = (...records: ReturnType<typeof record>[]) =>
    onlyPhase({ observations: { ...(run().observations as NonNullable<ReturnType<typeof run>['observations']>), records } })

  test('a request that was never answered is infinitely slow: null, and counted', () => {
    const phase = observed(record(0), record(1), record(2, { end: null, status: null, error: 'timed out', success: false }))
    expect(phase).toMatchObject({ latency_ms: { p50: 23.5, p90: null, max: null }, unanswered: 1, statuses: { 200: 2, none: 1 } })
  })

  test('no requests have no latency at all', () => {
    expect(observed()).toMatchObject({ latency_ms: null, requests: 0 })
  })

  test('a metric that saw several values is not infinite', () => {
    const outcomes = [outcome('baseline', 'attempts', '3', '1 to 3', { value: null })]
    expect(toResults(run({ verdict: { status: 'fail', outcomes } })).outcomes[0]?.infinite).toBe(false)
  })

  test('an outcome that was infinite says so; one without data does not', () => {
    const outcomes = [
      outcome('baseline', 'p99', '<= 1s', 'never answered', { value: null }),
      outcome('baseline', 'p99', '<= 1s', null),
      outcome('baseline', 'p99', '<= 1s', '2ms', { value: 2 }),
    ]
    expect(toResults(run({ verdict: { status: 'fail', outcomes } })).outcomes.map(({ infinite }) => infinite)).toEqual([true, false, false])
  })
})

test('no secret of the scenario appears, neither its own nor where it was quoted', () => {
  const fault = { ...plan.faults[0], when: [{ name: 'x-api-key', op: 'exact', text: 'k3y' }] } as (typeof plan.faults)[number]
  const leaky = failed({
    plan: { ...plan, faults: [fault] },
    scenario: scenario({ name: 'as s3cr3t-t0ken' }),
    warnings: ['sent Bearer s3cr3t-t0ken'],
    command: ['chaos', 's3cr3t-t0ken'],
  })
  const json = JSON.stringify(toResults(leaky))
  expect(json).not.toMatch(/s3cr3t|k3y/)
  expect(toResults(leaky).faults[0]?.description).toBe('delay 400ms on inventory when x-api-key: ***')
})
