import { expect, test } from 'vitest'
import { beatSteps, betweenSteps, envoySteps, generatorSteps, Lag, type Step, stallsIn, stubSteps } from '../../../src/observe/lag.ts'
import { attempt, egress, good, hop } from '../verdict/records.ts'

const lagOf = (...steps: Step[][]) => {
  const lag = new Lag()
  for (const each of steps) lag.add(each)
  return lag
}

test('the generator lags from the due time to the socket', () => {
  const lag = lagOf(generatorSteps(good({ due: 100, sent: 103 })), generatorSteps(good({ due: 200, sent: 201 })))
  expect(lag.tail).toEqual({ p99: 3, max: 3 })
})

test('Envoy lags from the socket to its log and from the router to the hop, without the wait for a connection', () => {
  const record = good({
    due: 0,
    sent: 1,
    egress: egress({ start: 4 }),
    attempts: [attempt({ start: 5, poolMs: 300, hop: { ...hop(), start: 306 } })],
  })
  // 4 - 1 = 3, and 306 - (5 + 300) = 1: the 300 ms behind max_connections are the policy's
  expect(lagOf(envoySteps(record, true)).tail).toEqual({ p99: 3, max: 3 })
  // what an app takes before it calls Envoy is not Envoy's
  expect(lagOf(envoySteps(record, false)).tail).toEqual({ p99: 1, max: 1 })
})

test('a stub lags from the time its answer was due', () => {
  const stub = { arrived: 0, started: 0, due: 20, answered: 27, status: 200, busy: 1, queued: 0 }
  const record = good({ attempts: [attempt({ stub }), attempt({ n: 2, stub: null })] })
  expect(lagOf(stubSteps(record)).tail).toEqual({ p99: 7, max: 7 })
})

test('a stub that stands still takes up late what came to it, and what it answered leaves late', () => {
  const stub = { arrived: 31, started: 31, due: 41, answered: 41, status: 200, busy: 1, queued: 0 }
  const at = (change: object) => good({ attempts: [attempt({ hop: { ...hop(), start: 1, durationMs: 45, ...change }, stub })] })
  expect(betweenSteps(at({}))).toEqual([
    { from: 1, to: 31 },
    { from: 41, to: 46 },
  ])
  // what a fault holds at the hop is as asked
  expect(betweenSteps(at({ faults: ['f'] }))).toEqual([])
})

test('the pulse of the generator is due every 10 ms; what was late of it stands beside what was not', () => {
  // 1 s has 100 beats. With 1 of them late the 99th of 100 values is in time; with 2 it is the earlier one of those.
  const [one, two] = [
    { from: 500, to: 570 },
    { from: 510, to: 570 },
  ]
  const beats = (...late: Step[]) => lagOf(beatSteps({ from: 0, to: 1000, lateness: { beats: late, sends: [] } })).tail
  expect(beats()).toEqual({ p99: 0, max: 0 })
  expect(beats(one)).toEqual({ p99: 0, max: 70 })
  expect(beats(one, two)).toEqual({ p99: 60, max: 70 })
})

test('steps above 20 ms are stalls, and those that overlap are one', () => {
  const steps = [
    { from: 300, to: 321 },
    { from: 0, to: 20 },
    { from: 100, to: 150 },
    { from: 120, to: 180 },
  ]
  expect(stallsIn(lagOf(steps).long, 0)).toMatchObject([
    { from: 100, to: 180 },
    { from: 300, to: 321 },
  ])
})

test.each([
  ['as long again where a call takes less', 10, 180 + 80],
  ['as long as a call where that takes more', 200, 180 + 200],
  ['ten times its length at most: with a call of that length what piled up is a tenth of what is in flight', 5000, 180 + 800],
])('what piled up in a stall goes on after it: %s', (_, callMs, until) => {
  expect(stallsIn([{ from: 100, to: 180 }], callMs)).toEqual([{ from: 100, to: 180, until }])
})

test('without steps nothing lagged', () => {
  expect(lagOf().tail).toEqual({ p99: 0, max: 0 })
})

test('the 99th percentile is that of the nearest rank, whatever the number of steps', () => {
  // Of n steps of 1 to n ms, the one of rank ceil(0.99 n).
  for (const n of [1, 2, 99, 100, 101, 1000, 1001]) {
    const steps = Array.from({ length: n }, (_, i) => ({ from: 0, to: i + 1 }))
    expect(lagOf(steps, steps).tail).toEqual({ p99: Math.ceil((2 * n * 99) / 100 / 2), max: n })
  }
})

test('a short lag is told to a microsecond, a long one to 0.1 ms, and never as less than it was', () => {
  expect(lagOf([{ from: 100, to: 100.1234 }]).tail.max).toBe(0.123)
  expect(lagOf([{ from: 100, to: 120.001 }]).tail.max).toBe(20.1)
})

test('long steps that overlap the one before are kept as one, whichever comes first', () => {
  const steps = [
    { from: 50, to: 100 },
    { from: 10, to: 60 },
    { from: 70, to: 130 },
  ]
  expect(lagOf(steps).long).toEqual([{ from: 10, to: 130 }])
})

test('a lag that is not a number is the longest: no limit lets it pass', () => {
  expect(lagOf([{ from: 0, to: 5 }], [{ from: 0, to: Number.NaN }]).tail).toEqual({ p99: Number.NaN, max: Number.NaN })
})
