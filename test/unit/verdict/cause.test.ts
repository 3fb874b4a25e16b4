import { expect, test } from 'vitest'
import type { Call } from '../../../src/observe/record.ts'
import { causeOf, causes } from '../../../src/verdict/cause.ts'
import { attempt, bad, egress, good, hop, type Parts, world } from './records.ts'

const perTry = attempt({ status: 0, cutBy: 'per_try', flags: ['UT'] })
const aborted = attempt({ status: 503, hop: hop(['brownout-1'], ['FI']) })

const answered = (status: number): Call => ({ egress: egress({ status }), attempts: [attempt({ status })], ingressFaults: [] })
const failed = answered
/** A call whose caller hung up. */
const givenUp = (durationMs: number): Call => ({
  egress: egress({ start: 5, durationMs, status: 0, flags: ['DC'] }),
  attempts: [attempt({ status: 0 })],
  ingressFaults: [],
})
/** What an app answered, and the calls that it made. */
const ofApp = (status: number, calls: Call[], parts: Parts = {}) => good({ status, joined: true, calls, ...parts })

test.each([
  { record: good(), is: '200 (a success)' },
  { record: good({ due: 0, end: 1500, success: false }), is: '200 after the deadline' },
  // its time is over at 1,000 ms
  {
    record: good({ due: 0, end: 1500, success: false, egress: egress({ start: 5, durationMs: 1490 }) }),
    is: '200 after the deadline, since nothing cut its call to inventory before',
  },
  {
    record: good({
      due: 0,
      end: 1500,
      success: false,
      egress: egress({ start: 5, durationMs: 1490 }),
      attempts: [perTry, attempt({ n: 2 })],
    }),
    is: '200 after the deadline',
  },
  {
    record: ofApp(200, [givenUp(1490)], { end: 1500, success: false }),
    is: '200 after the deadline, since the app gave its call to inventory up only then',
  },
  { record: ofApp(200, [givenUp(300)]), is: '200 (a success), although its call to inventory was given up' },
  { record: ofApp(504, [givenUp(300)], { success: false }), is: '504 from the app, after it gave its call to inventory up' },
  { record: ofApp(200, [failed(503)]), is: '200 (a success), in spite of 503 of inventory from the upstream' },
  { record: ofApp(200, [failed(503), answered(200)]), is: '200 (a success)' },
  { record: ofApp(200, [answered(404)]), is: '200 (a success)' },
  { record: good({ status: 204, success: false }), is: '204 is not an expected status' },
  { record: good({ error: 'aborted', success: false }), is: '200 but cut off (aborted)' },
  { record: bad(), is: '503 from the upstream' },
  { record: bad({ status: 504, attempts: [perTry] }), is: '504 cut by envoy.routes[0].retry_policy.per_try_timeout' },
  {
    record: bad({ status: 504, attempts: [perTry, perTry, perTry] }),
    is: '504 cut by envoy.routes[0].retry_policy.per_try_timeout on every try',
  },
  { record: bad({ attempts: [perTry, attempt({ status: 503 })] }), is: '503 from the upstream on the last try' },
  {
    record: bad({ status: 504, egress: egress({ cutBy: 'route' }), attempts: [attempt({ cutBy: 'route' })] }),
    is: '504 cut by envoy.routes[0].timeout',
  },
  { record: bad({ attempts: [attempt({ cutBy: 'connect', flags: ['UF'] })] }), is: '503 cut by envoy.clusters.inventory.connect_timeout' },
  { record: bad({ attempts: [attempt({ flags: ['UF'] })] }), is: '503 connection failed' },
  { record: bad({ attempts: [attempt({ flags: ['UC'] })] }), is: '503 connection reset by the upstream' },
  { record: bad({ attempts: [aborted, aborted, aborted] }), is: '503 injected by brownout-1 on every try' },
  { record: bad({ attempts: [], egress: egress({ flags: ['FI'] }), ingressFaults: ['x'] }), is: '503 injected at ingress' },
  {
    record: bad({ attempts: [], egress: egress({ rejectedBy: 'max_pending_requests', flags: ['UO'] }) }),
    is: '503 refused by max_pending_requests',
  },
  {
    record: bad({ egress: egress({ flags: ['UO'], retrySuppressedBy: 'max_retries' }) }),
    is: '503 from the upstream, its retry suppressed by max_retries',
  },
  { record: bad({ attempts: [], egress: egress({ flags: ['UH'] }) }), is: '503 no healthy upstream' },
  { record: bad({ attempts: [], egress: egress({ flags: ['NR'] }), status: 404 }), is: '404 no route' },
  { record: bad({ egress: null, attempts: [] }), is: '503 without a call to Envoy that is known to be its own' },
  {
    record: good({ status: 500, success: false, joined: false, calls: [{ egress: egress(), attempts: [attempt()], ingressFaults: [] }] }),
    is: '500 from the app, not all of whose calls are known',
  },
  { record: bad({ status: null, end: null, error: 'ECONNREFUSED', egress: null, attempts: [] }), is: 'no answer (ECONNREFUSED)' },
])('$is', ({ record, is }) => {
  expect(causeOf(record, 1000)).toBe(is)
})

test('causes are counted, the most frequent first, and the rare ones summed', () => {
  const records = [
    ...Array.from({ length: 4 }, () => bad()),
    bad({ status: 500 }),
    bad({ status: 500 }),
    bad({ status: 501 }),
    bad({ status: 502 }),
    bad({ status: 505 }),
  ]
  expect(causes(records, world({ expect: [] }).plan)).toBe(
    '4 × 503 from the upstream, 2 × 500 from the upstream, 1 × 501 from the upstream and 2 requests for other causes',
  )
})
