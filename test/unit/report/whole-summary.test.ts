import { describe, expect, test } from 'vitest'
import { renderSummary } from '../../../src/report/summary.ts'
import { evidence, failed, interrupted, neverStarted, outcome, run } from './sample-run.ts'

const plain = { color: false, width: 80 }

const observations = () => run().observations as NonNullable<ReturnType<typeof run>['observations']>

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
