import { expect, test } from 'vitest'
import { renderRun, runJson } from '../../../src/report/explain-run.ts'
import { record, run } from './sample-run.ts'

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
               1  100%    200 as expected; 1 try · 24 ms · such as r-0
      baseline
               1  100%    200 as expected; 1 try · 24 ms · such as r-1

    PASS retries stay inside their budget during a brownout: 5 passed"
  `)
  expect(runJson(warm)).toMatchObject({ courses: [{ phase: null }, { phase: 'baseline' }] })
})
