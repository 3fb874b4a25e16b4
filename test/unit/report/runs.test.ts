import { expect, test } from 'vitest'
import { renderRun } from '../../../src/report/explain-run.ts'
import { renderJunit } from '../../../src/report/junit.ts'
import { requestLines } from '../../../src/report/ndjson.ts'
import { toResults } from '../../../src/report/results.ts'
import { renderSummary } from '../../../src/report/summary.ts'
import { judge } from '../../../src/verdict/judge.ts'
import { world } from '../verdict/records.ts'
import { attempt, egress, plan, record, run } from './sample-run.ts'

/** 20 runs of an app: the even ones miss what was aborted and end with exit code 1. */
const records = Array.from({ length: 20 }, (_, i) => {
  const failed = i % 2 === 0
  const answer = { status: failed ? 500 : 200, success: !failed }
  const hop = { start: 0, durationMs: 1, status: 503, flags: ['FI'], faults: ['flaky-1'] }
  return record(i, {
    phase: 0,
    ...answer,
    headers: { fields: { 'x-chaos-exit-code': failed ? '1' : '0' } },
    body: { text: failed ? '1 item is missing' : 'all came', bytes: 8, whole: true },
    egress: egress(i * 100, { status: failed ? 503 : 200 }),
    attempts: [failed ? attempt(1, i * 100, { status: 503, stub: null, hop }) : attempt(1, i * 100)],
  })
})

const CLAIMS = [
  { exit_code: 0, output: { contains: 'all came' }, success_rate: '>= 90%', attempts: 2, p50: '<= 1ms', latency: '<= 1ms' },
  { exit_code: { 0: '>= 90%' }, attempts_per_request: '>= 2', retries: '>= 1' },
  { exit_code: 1, retries_suppressed: '>= 1', goodput: '>= 90/s' },
]

function finished() {
  const { scenario: claims } = world({ expect: CLAIMS, records })
  const load = { kind: 'runs', times: 20, parallel: 1, deadline: 1000, target: undefined } as const
  const batch = { ...plan, load, faults: [], phases: [{ name: 'flaky', from: 0, to: 20, faults: [] }] }
  const { observations, scenario } = run()
  const [first] = observations?.phases ?? []
  if (observations === null || first === undefined) throw new Error('the sample run has observations')
  const seen = { ...observations, records, faults: [], phases: [{ ...first, name: 'flaky', to: 2000 }] }
  const own = { ...scenario, expect: claims.expect, locate: claims.locate }
  return run({
    scenario: own,
    plan: batch,
    observations: seen,
    verdict: judge(own, batch, seen),
    prediction: { phases: [], none: 'nothing' },
  })
}

test('all output of a batch speaks of runs', () => {
  const batch = finished()
  const texts = [renderSummary(batch, { color: false, width: 100 }), renderRun(batch, { color: false, width: 100 }), renderJunit(batch)]
  // The name of a metric, and what Envoy answered to the app's own calls, are as they are.
  for (const text of texts) expect(text.replaceAll('attempts_per_request', '')).not.toMatch(/request|\banswers?\b|status|\((200|500)\)/i)
  for (const { why } of batch.verdict.outcomes) expect(why).not.toBeNull()
  expect(batch.verdict.outcomes.map(({ metric, why }) => `${metric}: ${why}`)).toMatchInlineSnapshot(`
    [
      "success_rate: expected success_rate ">= 90%", got 50% of 20 runs (95 % interval 27.2% .. 72.8%): 10 × exit code 1 after 503 of inventory injected by flaky-1",
      "exit_code: expected exit_code "0" of every run, got 1 at 10 of 20 runs: 10 × exit code 1 after 503 of inventory injected by flaky-1",
      "p50: expected p50 "<= 1ms", got 23.5ms from 20 runs (95 % interval 23.5ms .. 23.5ms)",
      "latency: expected latency "<= 1ms" of every run, got 23.5ms .. 23.5ms from 20 runs, 20 of them outside",
      "output.contains: expected output.contains "all came" of every run, got among 20 runs 10 × "1 item is missing" (exit code 1)",
      "attempts: expected attempts "2" of every run, got 1 at 20 of 20 runs: 10 × exit code 1 after 503 of inventory injected by flaky-1, 10 × exit code 0 (a success)",
      "exit_code.0: expected exit_code.0 ">= 90%", got 50% of 20 runs (95 % interval 27.2% .. 72.8%): 10 × exit code 1 after 503 of inventory injected by flaky-1",
      "attempts_per_request: expected attempts_per_request ">= 2", got 1 from 20 runs, 0 of them retried (95 % interval 0.832 .. 1.168)",
      "retries: expected retries ">= 1", got 0 in 20 runs",
      "goodput: expected goodput ">= 90/s", got 5/s (95 % interval 2.6/s .. 7.4/s): 10 successes within 2s; of the runs that were due then, 10 failed (10 × exit code 1 after 503 of inventory injected by flaky-1)",
      "exit_code: expected exit_code "1" of every run, got 0 at 10 of 20 runs: 10 × exit code 0 (a success)",
      "retries_suppressed: expected retries_suppressed ">= 1", got 0 in 20 runs",
    ]
  `)
  expect(renderRun(batch, { color: false, width: 100 }).split('WHAT HAPPENED')[1]).toMatchInlineSnapshot(`
    " TO RUNS
      flaky
              10  50%     exit code 1 after 503 of inventory injected by flaky-1; 1 try; met flaky-1 ·
                          median 24 ms, longest 24 ms · such as r-0
              10  50%     exit code 0 (a success); 1 try · median 24 ms, longest 24 ms · such as r-1

    FAIL retries stay inside their budget during a brownout: 12 failed"
  `)
})

test('results count runs by exit code, and a line of requests.ndjson has one', () => {
  const batch = finished()
  expect(toResults(batch).phases[0]).toMatchObject({ statuses: {}, exit_codes: { 0: 10, 1: 10 } })
  expect(toResults(run()).phases[0]).toMatchObject({ statuses: { 200: 100 }, exit_codes: null })
  expect(JSON.parse(requestLines(batch)(records[0] ?? expect.fail()))).toMatchObject({
    method: null,
    path: null,
    status: null,
    exitCode: 1,
  })
})
