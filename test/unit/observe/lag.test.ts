import { expect, test } from 'vitest'
import { envoySteps, generatorSteps, lagOf, stallsIn, stubSteps } from '../../../src/observe/lag.ts'
import { attempt, egress, good, hop } from '../verdict/records.ts'

test('the generator lags from the due time to the socket', () => {
  expect(lagOf(generatorSteps([good({ due: 100, sent: 103 }), good({ due: 200, sent: 201 })]))).toEqual({ p99: 3, max: 3 })
})

test('Envoy lags from the socket to its log and from the router to the hop, without the wait for a connection', () => {
  const record = good({
    due: 0,
    sent: 1,
    egress: egress({ start: 4 }),
    attempts: [attempt({ start: 5, poolMs: 300, hop: { ...hop(), start: 306 } })],
  })
  // 4 - 1 = 3, and 306 - (5 + 300) = 1: the 300 ms behind max_connections are the policy's
  expect(lagOf(envoySteps([record], true))).toEqual({ p99: 3, max: 3 })
  // what an app takes before it calls Envoy is not Envoy's
  expect(lagOf(envoySteps([record], false))).toEqual({ p99: 1, max: 1 })
})

test('a stub lags from the time its answer was due', () => {
  const stub = { arrived: 0, started: 0, due: 20, answered: 27, status: 200, busy: 1, queued: 0 }
  expect(lagOf(stubSteps([good({ attempts: [attempt({ stub }), attempt({ n: 2, stub: null })] })]))).toEqual({ p99: 7, max: 7 })
})

test('steps above 20 ms are stalls, and those that overlap are one', () => {
  const steps = [
    { from: 0, to: 20 },
    { from: 100, to: 150 },
    { from: 120, to: 180 },
    { from: 300, to: 321 },
  ]
  expect(stallsIn(steps)).toEqual([
    { from: 100, to: 180 },
    { from: 300, to: 321 },
  ])
})

test('without steps nothing lagged', () => {
  expect(lagOf([])).toEqual({ p99: 0, max: 0 })
})
