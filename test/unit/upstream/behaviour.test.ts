import { expect, test } from 'vitest'
import { serviceTimes } from '../../../src/upstream/behaviour.ts'
import type { Latency } from '../../../src/upstream/spec.ts'

const first = (latency: Latency, seed = 7, count = 4) => Array.from({ length: count }, serviceTimes({ latency, seed }))

test('a fixed latency is the same for each request', () => {
  expect(first({ kind: 'fixed', ms: 20 })).toEqual([20, 20, 20, 20])
})

// Seed 7 draws 0.0490, 0.1656, 0.9299, 0.9521: -20 ln(1 - u), and samples[floor(3 u)].
test('seed 7 gives these service times', () => {
  expect(first({ kind: 'exponential', mean: 20 }).map((ms) => ms.toFixed(2))).toEqual(['1.01', '3.62', '53.14', '60.79'])
  expect(first({ kind: 'samples', ms: [5, 10, 15] })).toEqual([5, 5, 15, 15])
  expect(first({ kind: 'log-normal', p50: 20, p99: 90 }, 7, 2).map((ms) => ms.toFixed(2))).toEqual(['22.19', '83.04'])
})

test('two replicas with seeds of their own do not slow down together', () => {
  const latency: Latency = { kind: 'exponential', mean: 20 }
  expect(first(latency, 7)).not.toEqual(first(latency, 8))
})
