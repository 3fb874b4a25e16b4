import { expect, test } from 'vitest'
import { runtimeValues } from '../../../src/envoy/runtime.ts'
import { compilePlan } from '../../../src/plan/compile.ts'
import { drawnBelow } from '../../../src/plan/drawn-below.ts'
import { scenarioOf } from '../../helpers/scenario.ts'

const faultsOf = (...faults: string[]) =>
  compilePlan(
    scenarioOf(`
upstreams: { up: { replicas: 2 } }
load: { rate: 10/s, requests: [{ GET: /, headers: { x-a: "1" } }, { GET: /, headers: { x-a: "2" } }, { GET: / }] }
phases: [{ name: p, for: 1s, faults: [${faults.map((fault) => `{ cluster: up, ${fault} }`).join(', ')}] }]
`),
  ).faults
const bounds = (...faults: string[]) => {
  const planned = faultsOf(...faults)
  return planned.map((fault) => drawnBelow(fault, planned))
}
const A1 = 'when: { header: { x-a: "1" } }'
const A2 = 'when: { header: { x-a: "2" } }'

// One draw for all routes, the first that matches is taken: a share of what those before leave lies above them.
test.each([
  ['one', ['hang: true, percent: 30'], [30]],
  // 30 + 0.3 × 70, then 51 + 0.5 × 49.
  ['one after the other', ['hang: true, percent: 30', 'hang: true, percent: 30', 'hang: true, percent: 50'], [30, 51, 75.5]],
  ['one that takes the rest', ['hang: true, percent: 30', 'hang: true'], [30, 100]],
  ['headers that exclude each other', [`hang: true, percent: 30, ${A1}`, `hang: true, percent: 30, ${A2}`], [30, 30]],
  ['those with a header after all', ['hang: true, percent: 30', `hang: true, percent: 30, ${A1}`], [30, 51]],
  ['all with a header before all', [`hang: true, ${A1}`, 'hang: true, percent: 30'], [100, 30]],
  ['replicas of their own', ['hang: true, percent: 30, replica: 1', 'hang: true, percent: 30, replica: 2'], [30, 30]],
  ['a filter, which draws for itself', ['abort: 503, percent: 40', 'hang: true, percent: 30'], [40, 30]],
])('%s', (_, faults, expected) => expect(bounds(...faults)).toEqual(expected))

test('a route is told all of it in millionths, and a filter its own percentage', () => {
  const faults = faultsOf('abort: 503, percent: 40', 'hang: true, percent: 30', 'hang: true, percent: 0.0004')
  expect(runtimeValues(faults, faults)).toEqual({
    'chaos.p-1.percent': '40',
    'chaos.p-2.percent': '{"numerator":300000,"denominator":"MILLION"}',
    // 30 + 0.000004 × 70 = 30.00028
    'chaos.p-3.percent': '{"numerator":300003,"denominator":"MILLION"}',
  })
  expect(runtimeValues(faults, [])).toEqual({ 'chaos.p-1.percent': '0', 'chaos.p-2.percent': '0', 'chaos.p-3.percent': '0' })
})
