import { expect, test } from 'vitest'
import { compilePlan } from '../../../src/plan/compile.ts'
import { predict } from '../../../src/predict/predict.ts'
import { openIn } from '../../../src/report/prediction-lines.ts'
import { scenarioOf } from '../../helpers/scenario.ts'

function openPhases(load: string, breakers: string): string[][] {
  const scenario = scenarioOf(`
upstreams: { shop: { workers: 4, latency: 20ms } }
envoy: { clusters: { shop: { circuit_breakers: ${breakers} } } }
load: { rate: 50/s }
phases: [{ name: uneven, for: 4s, ${load} }]
`)
  return predict(scenario, compilePlan(scenario)).phases.map(openIn)
}

test('bursts that the breakers or workers cannot take are not predicted', () => {
  expect(openPhases('bursts: { size: 100, every: 1s }', '{ max_requests: 12 }')[0]?.join()).toContain(
    'bursts of 100 requests at once meet the workers of the stubs and max_requests',
  )
})

test('a ramp is held against the limits at its highest rate', () => {
  // at 300/s × 20 ms 6 are in flight and 4 workers are too few; at the mean, 150/s, 3 are
  expect(openPhases('rate: { from: 0/s, to: 300/s }', '{ max_requests: 1024 }')[0]?.join()).toContain('the stubs have work for 150%')
  expect(openPhases('rate: 10/s', '{ max_requests: 1024 }')).toEqual([[]])
})
