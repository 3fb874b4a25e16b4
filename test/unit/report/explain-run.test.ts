import { expect, test } from 'vitest'
import { renderRun, runJson } from '../../../src/report/explain-run.ts'
import { outcome, record, run } from './sample-run.ts'

const plain = { color: false, width: 80 }

function ofRecords(...records: ReturnType<typeof record>[]) {
  const { observations } = run()
  return run({ observations: observations && { ...observations, records } })
}

test('requests of the warm-up stand under a heading of their own', () => {
  const warm = ofRecords(record(0, { phase: -1 }), record(1))
  expect(renderRun(warm, plain)).toMatchInlineSnapshot(`
    "WHAT HAPPENED TO REQUESTS
      warm-up, of which nothing is claimed
               1  100%    200 (a success); 1 try · 24 ms · such as r-0
      baseline
               1  100%    200 (a success); 1 try · 24 ms · such as r-1

    PASS retries stay inside their budget during a brownout: 5 passed"
  `)
  expect(runJson(warm)).toMatchObject({ courses: [{ phase: null }, { phase: 'baseline' }] })
})

test('a reason that several claims have is told once, with its requests once', () => {
  const ofWhy = (metric: string, why: string, examples: string[]) =>
    outcome('brownout', metric, '<= 2', null, { status: 'inconclusive', why, examples })
  const long = 'nobody can say which calls to Envoy were made for these requests'
  const outcomes = [ofWhy('attempts', long, ['r-1', 'r-2']), ofWhy('p99', 'too few requests', []), ofWhy('retries', long, ['r-2', 'r-3'])]
  const { verdict } = run()
  const told = renderRun(
    { ...ofRecords(record(1), record(2), record(3)), verdict: { ...verdict, status: 'inconclusive', outcomes } },
    plain,
  )
  expect(told.split('WHAT HAPPENED')[0]).toMatchInlineSnapshot(`
    "CLAIMS THAT DO NOT HOLD
      ? brownout · attempts  scenarios/brownout.yaml:31
      ? brownout · retries  scenarios/brownout.yaml:31
        nobody can say which calls to Envoy were made for these requests
        · r-1 GET /items/42, due at 0.100 s: 200 after 24 ms (a success)
        · r-2 GET /items/42, due at 0.200 s: 200 after 24 ms (a success)
        · r-3 GET /items/42, due at 0.300 s: 200 after 24 ms (a success)
      ? brownout · p99  scenarios/brownout.yaml:31
        too few requests

    "
  `)
})
