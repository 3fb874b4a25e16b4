import { expect, test } from 'vitest'
import { renderTotal } from '../../../src/report/total.ts'
import type { Scenario } from '../../../src/scenario/scenario.ts'
import type { Outcome, Status } from '../../../src/verdict/verdict.ts'

const run = (file: string, statuses: Status[], status: Status) => ({
  scenario: { file } as Scenario,
  ended: null,
  verdict: { status, outcomes: statuses.map((each) => ({ status: each }) as Outcome) },
})

test('several scenarios end with a line each and how many ended in which way', () => {
  const runs = [
    run('a.yaml', ['pass', 'pass'], 'pass'),
    run('b.yaml', ['fail', 'pass'], 'fail'),
    run('c.yaml', ['inconclusive'], 'inconclusive'),
  ]
  expect(renderTotal(runs, { color: false, width: 80 })).toMatchInlineSnapshot(`
    "SCENARIOS
      pass          a.yaml  2 passed
      fail          b.yaml  1 failed, 1 passed
      inconclusive  c.yaml  1 inconclusive

    3 scenarios: 1 pass, 1 fail, 1 inconclusive"
  `)
})
