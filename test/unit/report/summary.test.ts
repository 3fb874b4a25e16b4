import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cells } from '../../../src/report/layout.ts'
import { renderSummary } from '../../../src/report/summary.ts'
import type { Ms } from '../../../src/units.ts'
import { anyRun } from './any-run.ts'
import {
  evidence,
  failed,
  failing,
  interrupted,
  neverStarted,
  outcome,
  passing,
  plan,
  record,
  records,
  run,
  scenario,
} from './sample-run.ts'

const plain = { color: false, width: 80 }

describe('the whole summary', () => {
  test('of a pass has no WHY', () => {
    expect(renderSummary(run(), plain)).toMatchInlineSnapshot(`
      "EXPECTATIONS               asked     seen  interval         n
        baseline
          ✓ success_rate         >= 96%    100%  96.3% .. 100%  100
          ✓ p99                  <= 150ms  24ms  24ms .. 24ms   100
        brownout
          ✓ retry_amplification  <= 1.2    1.02                 100
          ✓ breaker_rejections   0         0                    100
        recovery · the shop is well again
          ✓ recovers_within      1s        0ms                   20

      FAULTS
        ✓ brownout: delay 400ms on inventory, 10% asked: 11 of 104 attempts (10.6%);
          accepted: 1.9% .. 21.2%; counted by Envoy 11, inferred from the stub 11

        load      300 requests in 29.9s (10/s), 302 attempts (1.007 each)
        timeouts  envoy.routes[0].retry_policy.per_try_timeout cut 4 attempts;
                  it watches the response
        breakers  inventory max_pending_requests: at most 1024 of 1024 (default) in
                  brownout, else 0;
                  1 refused in brownout, the first after 3.44s
                  inventory max_retries: at most 1..2 of 3 (default) in brownout, else
                  0
        run       31.8s in all; seed 7; chaos 0.1.0 (process); Envoy 1.40.0 (PATH)
        results   chaos-results/2026-11-23T10-00-00-brownout
        again     chaos run scenarios/brownout.yaml --seed 7

      PASS retries stay inside their budget during a brownout: 5 passed"
    `)
  })

  test('of a failure tells why, and three requests attempt by attempt', () => {
    expect(renderSummary(failed({ warnings: ['max_retries was left out: Envoy takes 3'] }), plain)).toMatchInlineSnapshot(`
      "EXPECTATIONS               asked     seen     interval          n
        baseline
          ✓ success_rate         >= 96%    100%     96.3% .. 100%   100
          ✓ p99                  <= 150ms  24ms     24ms .. 24ms    100
        brownout
          ✗ success_rate         >= 99%    97%      91.5% .. 98.9%  100
          ✗ breaker_rejections   0         1                        100
          ✓ retry_amplification  <= 1.2    1.02                     100
        recovery
          ? fault_share          >= 5%     no data                    0

      WHY
        ✗ brownout · success_rate  scenarios/brownout.yaml:32
          97 of 100 requests were successes; even the upper end of the interval,
          98.9%, is below 99%
        ✗ brownout · breaker_rejections  scenarios/brownout.yaml:32
          1 request was refused by max_pending_requests, 0 were expected
        ? recovery · fault_share  scenarios/brownout.yaml:34
          no request matched the condition of a fault, so there is nothing to judge

        r-112 GET /items/42, due at 11.200 s: 504 after 962 ms (not a success: status)
          +1 ms    try 1 → inventory/2  cut by per_try_timeout after 300 ms;
                     met delay 400ms (brownout-1); the stub never saw it
          +301 ms  back-off of 18 ms
          +319 ms  try 2 → inventory/1  cut by per_try_timeout after 300 ms;
                     met delay 400ms (brownout-1); the stub never saw it
          +619 ms  back-off of 42 ms
          +661 ms  try 3 → inventory/2  cut by per_try_timeout after 300 ms;
                     met delay 400ms (brownout-1); the stub never saw it
          +962 ms  Envoy answered 504, upstream_per_try_timeout (URX,UT);
                     the limit is envoy.routes[0].retry_policy.per_try_timeout;
                     it watches the response

        r-131 GET /items/42, due at 13.100 s: 503 after 340 ms (not a success: status)
          +12 ms   sent, late by 12 ms
          +13 ms   try 1 → inventory/1  cut by per_try_timeout after 300 ms;
                     met delay 400ms (brownout-1); the stub never saw it
          +339 ms  refused: the circuit breaker's max_pending_requests was reached
                     when it was retried
          +339 ms  Envoy answered 503,
                     upstream_reset_before_response_started{overflow} (UO)

        r-140 GET /items/42, due at 14.000 s: 200 after 1130 ms (not a success: later
          than the deadline of 1s)
          +1 ms     try 1 → inventory/1  200 after 1128 ms;
                      waited 1107 ms in the stub's queue (4 busy, 31 waiting)
          +1130 ms  Envoy answered 200, via_upstream

      FAULTS
        ✓ brownout: delay 400ms on inventory, 10% asked: 11 of 104 attempts (10.6%);
          accepted: 1.9% .. 21.2%; counted by Envoy 11, inferred from the stub 11

        load      300 requests in 29.9s (10/s), 302 attempts (1.007 each)
        timeouts  envoy.routes[0].retry_policy.per_try_timeout cut 4 attempts;
                  it watches the response
        breakers  inventory max_pending_requests: at most 1024 of 1024 (default) in
                  brownout, else 0;
                  1 refused in brownout, the first after 3.44s
                  inventory max_retries: at most 1..2 of 3 (default) in brownout, else
                  0
        warning   max_retries was left out: Envoy takes 3
        run       31.8s in all; seed 7; chaos 0.1.0 (process); Envoy 1.40.0 (PATH)
        results   chaos-results/2026-11-23T10-00-00-brownout
        again     chaos run scenarios/brownout.yaml --seed 7

      FAIL retries stay inside their budget durin…: 2 failed, 1 inconclusive, 3 passed"
    `)
  })

  test('of an inconclusive run says what is missing', () => {
    const doubtful = evidence({ met: 2, counted: 2, inferred: 2, doubt: '2 of 104 is below what 10% can give (interval 0.5% .. 6.7%)' })
    const observed = { ...observations(), faults: [doubtful], unsound: ['the load generator was late by up to 900 ms'] }
    const undecided = outcome('brownout', 'success_rate', '>= 99%', '99%', {
      status: 'inconclusive',
      why: '100 requests cannot decide 99%: 300 are needed',
      interval: { low: 0.94, high: 0.998, text: '94.6% .. 99.8%' },
    })
    const text = renderSummary(run({ verdict: { status: 'inconclusive', outcomes: [undecided] }, observations: observed }), plain)
    expect(text).toMatchInlineSnapshot(`
      "EXPECTATIONS        asked   seen  interval          n
        brownout
          ? success_rate  >= 99%  99%   94.6% .. 99.8%  100

      WHY
        ? the load generator was late by up to 900 ms
        ? brownout · success_rate  scenarios/brownout.yaml:31
          100 requests cannot decide 99%: 300 are needed

      FAULTS
        ? brownout: delay 400ms on inventory, 10% asked: 2 of 104 attempts (1.9%);
          accepted: 1.9% .. 21.2%; counted by Envoy 2, inferred from the stub 2
          2 of 104 is below what 10% can give (interval 0.5% .. 6.7%)

        load      300 requests in 29.9s (10/s), 302 attempts (1.007 each)
        timeouts  envoy.routes[0].retry_policy.per_try_timeout cut 4 attempts;
                  it watches the response
        breakers  inventory max_pending_requests: at most 1024 of 1024 (default) in
                  brownout, else 0;
                  1 refused in brownout, the first after 3.44s
                  inventory max_retries: at most 1..2 of 3 (default) in brownout, else
                  0
        run       31.8s in all; seed 7; chaos 0.1.0 (process); Envoy 1.40.0 (PATH)
        results   chaos-results/2026-11-23T10-00-00-brownout
        again     chaos run scenarios/brownout.yaml --seed 7

      INCONCLUSIVE retries stay inside their budget during a brownout: 1 inconclusive"
    `)
  })

  test('of an interrupted run names the phases that were not finished', () => {
    expect(renderSummary(interrupted(), plain)).toMatchInlineSnapshot(`
      "EXPECTATIONS        asked   seen  interval         n
        baseline
          ✓ success_rate  >= 96%  100%  96.3% .. 100%  100

      WHY
        interrupted by SIGINT; not finished: brownout, recovery

      FAULTS
        ✓ brownout: delay 400ms on inventory, 10% asked: 7 of 54 attempts (13%);
          accepted: 0% .. 25.9%; counted by Envoy 7, inferred from the stub 7

        load      150 requests in 29.9s (5/s), 152 attempts (1.013 each)
        timeouts  envoy.routes[0].retry_policy.per_try_timeout cut 4 attempts;
                  it watches the response
        breakers  inventory max_pending_requests: at most 1024 of 1024 (default) in
                  brownout, else 0;
                  1 refused in brownout, the first after 3.44s
                  inventory max_retries: at most 1..2 of 3 (default) in brownout, else
                  0
        run       31.8s in all; seed 7; chaos 0.1.0 (process); Envoy 1.40.0 (PATH)
        results   chaos-results/2026-11-23T10-00-00-brownout
        again     chaos run scenarios/brownout.yaml --seed 7

      INTERRUPTED retries stay inside their budget during a brownout: 1 passed"
    `)
  })

  test('of a run that never started shows the evidence and the hint', () => {
    expect(renderSummary(neverStarted(), plain)).toMatchInlineSnapshot(`
      "WHY
        envoy was not ready after 10000 ms
          [critical] error initializing configuration: Unknown field per_try_timout
          hint: see chaos doctor

        load      nothing was sent
        run       1.2s in all; seed 7; chaos 0.1.0 (process); no Envoy
        results   chaos-results/2026-11-23T10-00-00-brownout
        again     chaos run scenarios/brownout.yaml --seed 7

      ERROR retries stay inside their budget during a brownout: nothing was judged"
    `)
  })
})

const observations = () => run().observations as NonNullable<ReturnType<typeof run>['observations']>
const lines = (text: string) => text.split('\n')

describe('the table of expectations', () => {
  test('keeps its columns under one another with wide names', () => {
    const outcomes = [
      outcome('基準', 'success_rate', '>= 99%', '100%'),
      outcome('基準', 'p99', '<= 150ms', '24ms', { title: '基準 · given 🐢 · p99' }),
      outcome('brownout', 'breaker_rejections.max_pending_requests', '0', '0', {
        title: 'brownout · request GET /items · breaker_rejections.max_pending_requests',
      }),
    ]
    const text = renderSummary(run({ verdict: { status: 'pass', outcomes } }), plain)
    expect(lines(text).slice(0, 7).join('\n')).toMatchInlineSnapshot(`
      "EXPECTATIONS          asked     seen      n
        brownout
          ✓ request GET /items · breaker_rejections.max_pending_requests
                            0         0       100
        基準
          ✓ success_rate    >= 99%    100%    100
          ✓ given 🐢 · p99  <= 150ms  24ms    100"
    `)
  })

  test('puts a title of the user beside its phase', () => {
    expect(renderSummary(run(), plain)).toContain('\n  recovery · the shop is well again\n    ✓ recovers_within ')
  })

  test('of 200 expectations shows at most 40 lines, and all that failed', () => {
    const many = Array.from({ length: 200 }, (_, i) =>
      outcome(i % 2 === 0 ? 'baseline' : 'brownout', `status.${i}`, '<= 1%', '0%', i % 50 === 7 ? { status: 'fail', why: 'no' } : {}),
    )
    const table = renderSummary(run({ verdict: { status: 'fail', outcomes: many } }), plain).split('\n\n')[0] as string
    expect(lines(table).length).toBeLessThanOrEqual(41)
    expect(table.match(/✗/g)).toHaveLength(4)
    expect(lines(table).at(-1)).toBe('    … 163 more, see results.json')
  })
})

describe('whatever a run holds', () => {
  test('no line is wider than the terminal', () => {
    fc.assert(
      fc.property(anyRun, fc.integer({ min: 40, max: 160 }), (any, width) => {
        for (const line of lines(renderSummary(any, { color: false, width }))) expect(cells(line), line).toBeLessThanOrEqual(width)
      }),
      { numRuns: 300 },
    )
  })

  test('it prints no undefined, NaN, Infinity or [object Object]', () => {
    fc.assert(
      fc.property(anyRun, (any) => {
        expect(renderSummary(any, plain)).not.toMatch(/undefined|NaN|Infinity|\[object/)
      }),
      { numRuns: 300 },
    )
  })

  test('colour changes nothing but the colour', () => {
    const stripped = stripVTControlCharacters(renderSummary(failed(), { color: true, width: 80 }))
    expect(lines(stripped).slice(0, -1)).toEqual(lines(renderSummary(failed(), plain)).slice(0, -1))
    expect(lines(stripped).at(-1)).toMatch(/^ FAIL {2}retries stay/)
  })

  test('what the app said is pointed at where not all is well, and its last lines were not shown already', () => {
    const app = {
      container: undefined,
      command: ['shop'],
      env: {},
      port: undefined,
      runWithin: undefined,
      ready: { by: 'port' },
      readyWithin: 10_000 as Ms,
      idHeader: undefined,
    } as const
    const withApp = { plan: { ...plan, app } }
    const said = /^ {2}app said {2}\S+\/logs\/app\.log$/m
    expect(renderSummary(failed(withApp), plain)).toMatch(said)
    expect(renderSummary(failed(), plain)).not.toContain('app said')
    expect(renderSummary(run(withApp), plain)).not.toContain('app said')
    expect(renderSummary({ ...neverStarted(), ...withApp }, plain)).not.toContain('app said')
  })

  test('a secret of the scenario does not appear, wherever it was quoted', () => {
    const leaky = failed({
      warnings: ['sent Bearer s3cr3t-t0ken'],
      command: ['chaos', '--header', 's3cr3t-t0ken'],
      verdict: {
        status: 'fail',
        outcomes: [
          outcome('baseline', 'p99', '<= 1ms', '2ms', { title: 'given Bearer s3cr3t-t0ken', status: 'fail', why: 's3cr3t-t0ken was slow' }),
        ],
      },
    })
    expect(renderSummary(leaky, plain)).not.toContain('s3cr3t')
  })

  test('an escape sequence from outside cannot reach the terminal', () => {
    const hostile = failed({ scenario: scenario({ name: 'a\u001b[2Jb\u009bc\u202ed' }), warnings: ['x\u001b]0;title\u0007y\nz'] })
    expect(renderSummary(hostile, plain)).not.toMatch(/[^\P{Cc}\n]|\u202e/u)
  })
})

test('a reason that several claims share is told once, below all of them', () => {
  const starved = (metric: string) => outcome('brownout', metric, '0', '0', { status: 'inconclusive', why: 'the machine was busy' })
  const outcomes = [starved('success_rate'), starved('p99'), { ...starved('retries'), why: 'something else' }]
  const text = renderSummary(run({ verdict: { status: 'inconclusive', outcomes } }), plain)
  expect(text.split('the machine was busy').length - 1).toBe(1)
  expect(text).toMatch(/\? brownout · success_rate.*\n.*\? brownout · p99.*\n\s+the machine was busy/)
})

test('more than three examples in all are not told', () => {
  const outcomes = failing.map((each) => (each.status === 'fail' ? { ...each, examples: ['r-1', 'r-2', 'r-3'] } : each))
  expect(renderSummary(run({ verdict: { status: 'fail', outcomes } }), plain).match(/^ {2}r-\d+ GET/gm)).toHaveLength(3)
})

test('each failed outcome has its first example told before any has a second', () => {
  const withExamples = (...examples: string[]) => outcome('brownout', 'p99', '<= 1ms', '2ms', { status: 'fail', why: 'slow', examples })
  const text = renderSummary(
    run({ verdict: { status: 'fail', outcomes: [withExamples('r-1', 'r-2', 'r-3'), withExamples('r-4', 'r-5')] } }),
    plain,
  )
  expect(text.match(/r-\d+(?= GET)/g)).toEqual(['r-1', 'r-4', 'r-2'])
})

test('where claims failed, none but their examples are told', () => {
  const claim = (status: 'fail' | 'inconclusive', ...examples: string[]) =>
    outcome('brownout', 'p99', '<= 1ms', '2ms', { status, why: status, examples })
  const text = renderSummary(
    run({ verdict: { status: 'fail', outcomes: [claim('inconclusive', 'r-1', 'r-2'), claim('fail', 'r-3', 'r-4')] } }),
    plain,
  )
  expect(text.match(/r-\d+(?= GET)/g)).toEqual(['r-3', 'r-4'])
})

test('a reason names the metric whole, however long the name of the claim is', () => {
  const title = 'without a limit of its own the queue grows, and everybody waits'
  const outcomes = [outcome('brownout', 'breaker_rejections.max_pending_requests', '0', '1', { status: 'fail', why: 'no', title })]
  const text = renderSummary(run({ verdict: { status: 'fail', outcomes } }), plain)
  expect(text).toContain(`  ✗ ${title} ·\n    breaker_rejections.max_pending_requests\n    scenarios/brownout.yaml:31\n    no`)
})

test('an example that was not recorded is passed over', () => {
  const outcomes = [outcome('brownout', 'p99', '<= 1ms', '2ms', { status: 'fail', why: 'slow', examples: ['nobody'] })]
  expect(renderSummary(run({ verdict: { status: 'fail', outcomes } }), plain)).not.toContain('nobody')
})

test('a command that is longer than the line is broken so that a shell reads it back', () => {
  const text = renderSummary(
    run({ command: ['chaos', 'run', "it's a long name of a scenario.yaml", '--out', 'chaos-results/somewhere/else', '--seed', '7'] }),
    plain,
  )
  expect(text).toContain(`  again     chaos run 'it'\\''s a long name of a scenario.yaml' --out \\
              chaos-results/somewhere/else --seed 7`)
})

test('the sources of a fault are shown with the place, the replica and the condition', () => {
  const fault = {
    ...plan.faults[0],
    replicas: [2],
    action: { kind: 'abort', value: 503 },
    when: [
      { name: 'x-user', op: 'exact', text: 'jason' },
      { name: 'cookie', op: 'exact', text: 'sid=1' },
    ],
  } as (typeof plan.faults)[number]
  const text = renderSummary(run({ plan: { ...plan, faults: [fault] } }), { color: false, width: 120 })
  expect(text).toContain('brownout: abort 503 on inventory/2 when x-user: jason, cookie: ***, 10% asked: 11 of 104 attempts (10.6%);')
})

test('faults of one kind at one place are counted together, and that is said', () => {
  const [first] = plan.faults
  const faults = [first, { ...first, id: 'brownout-2', percent: 5 }] as typeof plan.faults
  const both = {
    ...observations(),
    faults: [evidence({ counted: 16, inferred: 16 }), evidence({ id: 'brownout-2', met: 5, counted: 16, inferred: 16 })],
  }
  const text = renderSummary(run({ plan: { ...plan, faults }, observations: both }), plain)
  expect(text.match(/counted by Envoy 16, inferred from the stub 16,\s+with the\s+other delay there/g)).toHaveLength(2)
})

test('a run of 300 requests with two expectations fits one screen, where its breakers tell nothing', () => {
  expect(records).toHaveLength(300)
  const quiet = { ...observations(), records: records.filter(({ calls }) => calls.every(({ egress }) => egress.status === 200)) }
  expect(lines(renderSummary(run({ verdict: { status: 'pass', outcomes: passing }, observations: quiet }), plain)).length).toBeLessThan(24)
})

describe('attempts in the totals', () => {
  const loadOf = (...changed: Parameters<typeof record>[1][]) => {
    const { observations } = run()
    const own = changed.map((changes, i) => record(i, changes))
    return /load +(.*)/.exec(
      renderSummary(run({ observations: observations && { ...observations, records: own } }), { ...plain, width: 200 }),
    )?.[1]
  }
  const known = {}
  const unknown = { joined: false, calls: [] }

  test('are counted where all calls are known', () =>
    expect(loadOf(known, { joined: true, calls: [] })).toContain('2 requests in 29.9s (0.1/s), 1 attempt (0.500 each)'))
  test('are the least that there were where some are not', () =>
    expect(loadOf(known, unknown)).toContain('at least 1 attempt: of 1 request not all calls to Envoy are known'))
  test('are not known where no call is', () =>
    expect(loadOf(unknown, unknown)).toContain('attempts not known: of no request all calls to Envoy are known'))
})
