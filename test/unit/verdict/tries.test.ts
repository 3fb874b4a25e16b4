import { expect, test } from 'vitest'
import type { Call, RequestRecord } from '../../../src/observe/record.ts'
import { madeByApp } from '../../../src/verdict/tries.ts'
import { attempt, egress, good, hop, outcome, world } from './records.ts'

const STUB = { arrived: 1, started: 1, due: 2, answered: 2, status: 201, busy: 0, queued: 0 }
const tryThat = (status: number) => attempt({ status, stub: STUB, hop: hop() })

/** A call from `start` to 10 ms later, with so many tries. */
const call = (start: number, status: number, tries = 1, cluster = 'orders'): Call => ({
  egress: egress({ start, durationMs: 10, status, cluster }),
  attempts: Array.from({ length: tries }, () => tryThat(status)),
  ingressFaults: [],
})
const ofApp = (...calls: Call[]): RequestRecord => good({ joined: true, calls })
const said = (records: RequestRecord[], method: 'GET' | 'POST' = 'GET') =>
  madeByApp(records, world({ expect: [], requests: [{ method }] }).plan)

test('an app that calls again after a failed call is told of', () => {
  expect(said([ofApp(call(0, 200)), ofApp(call(0, 0), call(20, 200))])).toBe(
    '; for 1 request the app called orders again after a call that had failed (up to 2 calls each)',
  )
})

test('where Envoy tries those calls again, too, the tries multiply', () => {
  expect(said([ofApp(call(0, 503, 3), call(20, 503, 3), call(40, 503, 2))])).toBe(
    '; for 1 request the app called orders again after a call that had failed (up to 3 calls each), and Envoy tried each call up to 3 times: the tries of both multiply',
  )
})

test.each([
  [
    'a POST',
    'POST',
    '; for 1 request the app called orders again after a call that had failed (up to 2 calls each); 1 × POST came to the upstream more than once',
  ],
  ['a GET', 'GET', '; for 1 request the app called orders again after a call that had failed (up to 2 calls each)'],
] as const)('%s that came to the upstream twice', (_, method, words) => {
  expect(said([ofApp(call(0, 0), call(20, 201))], method)).toBe(words)
})

test('a POST of which an abort kept the first from the upstream came there once', () => {
  const aborted: Call = { egress: egress({ cluster: 'orders', status: 503 }), attempts: [attempt({ status: 503 })], ingressFaults: [] }
  expect(said([ofApp(aborted, call(20, 201))], 'POST')).not.toContain('more than once')
})

test.each([
  ['calls that went well', [call(0, 200), call(20, 200)]],
  ['calls of which the first was for nothing that there is', [call(0, 404), call(20, 200)]],
  ['calls to another cluster', [call(0, 503), call(20, 200, 1, 'prices')]],
  ['calls side by side', [call(0, 503), call(-5, 503)]],
  ['retries of Envoy alone', [call(0, 200, 3)]],
])('%s are not the app calling again', (_, calls) => {
  expect(said([ofApp(...calls)])).toBe('')
})

test('a claim that there are too many attempts says so', () => {
  const records = Array.from({ length: 20 }, () => ofApp(call(0, 503, 3), call(20, 503, 3)))
  expect(outcome({ retry_amplification: '<= 3' }, records, { app: true })).toMatchObject({
    status: 'fail',
    why: expect.stringMatching(/\); for 20 requests the app called orders again .* multiply$/),
  })
  expect(outcome({ attempts: 3 }, records, { app: true })).toMatchObject({
    status: 'fail',
    why: expect.stringMatching(/; for 20 requests the app called orders again .* multiply$/),
  })
})
