import { expect, test } from 'vitest'
import type { FinishedRun } from '../../../src/report/finished-run.ts'
import { timeoutSentences } from '../../../src/report/timeout-words.ts'
import { attempt, cutTry, egress, exhausted, record, run } from './sample-run.ts'

const sentences = (records: NonNullable<FinishedRun['observations']>['records']) => {
  const finished = run()
  return timeoutSentences({ ...finished, observations: finished.observations && { ...finished.observations, records } })
}

test('each limit that cut stands with its place, its length, how often, and whether it sees the response', () => {
  const whole = record(1, {
    egress: egress(100, { cutBy: 'route' }),
    attempts: [cutTry(1, 100, 1), attempt(2, 400, { status: 0, cutBy: 'route' })],
  })
  const unreached = record(2, { attempts: [attempt(1, 200, { status: 0, flags: ['UF'], cutBy: 'connect', hop: null, stub: null })] })
  expect(sentences([record(0), exhausted, whole, unreached])).toMatchInlineSnapshot(`
    [
      "envoy.routes[0].retry_policy.per_try_timeout cut 4 attempts; it watches the response",
      "envoy.routes[0].timeout (15s, the default) ended 1 request; it watches the response",
      "envoy.clusters.inventory.connect_timeout (5s, the default) cut 1 attempt; it never sees the response",
    ]
  `)
})

test('nothing is said where nothing was cut', () => expect(sentences([record(0)])).toEqual([]))
