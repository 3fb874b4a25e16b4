import { beforeAll, describe, expect, test } from 'vitest'
import { openLoadOf, type Ran, runScenario, type StraightRecord, to, toMicros } from '../helpers/scenario.ts'

/** What the clocks of two processes may differ: each reads its offset from the epoch at its own start. */
const CLOCKS_MS = 5
const TRY_MS = 80
const SERVICE_MS = 30

let ran: Ran
beforeAll(async () => {
  ran = await runScenario(`
upstreams:
  retried: { replicas: 3 }
  aborted: {}
  delayed: { latency: 5ms }
  queued: { workers: 1, latency: ${SERVICE_MS}ms }
  plain: {}
envoy:
  clusters:
    retried: { circuit_breakers: { max_retries: 1000 } }
    delayed: { circuit_breakers: { max_retries: 1000 } }
  routes:
    - { match: { path: /retried }, cluster: retried, retry_policy: { retry_on: [5xx], num_retries: 4, retry_back_off: { base_interval: 2ms } } }
    - { match: { path: /aborted }, cluster: aborted }
    - { match: { path: /delayed }, cluster: delayed, retry_policy: { retry_on: [5xx], per_try_timeout: ${TRY_MS}ms, retry_back_off: { base_interval: 2ms } } }
    - { match: { path: /queued }, cluster: queued }
    - { match: { path: /plain, headers: { x-kind: special } }, cluster: plain }
    - { match: { path: /plain }, cluster: plain }
load:
  rate: 250/s
  arrivals: poisson
  requests: [{ GET: /retried, weight: 2 }, { GET: /aborted }, { GET: /delayed }, { GET: /queued }, { GET: /plain }, { GET: /plain, headers: { x-kind: special } }]
phases:
  - name: all
    for: 1200ms
    faults:
      - { cluster: retried, abort: 503, percent: 40 }
      - { cluster: aborted, abort: 503 }
      - { cluster: delayed, delay: 300ms, percent: 50 }
`)
})

function every(path: string): readonly StraightRecord[] {
  const records = to(ran, path)
  expect(records.length).toBeGreaterThan(5)
  return records
}

test('each planned request has one record, in order, and every source of it is found', () => {
  expect(ran.records.map((record) => record.id)).toEqual(Array.from(openLoadOf(ran.plan).due, (_, i) => `r-${i + 1}`))
  expect(ran.records.map((record) => record.due)).toEqual(Array.from(openLoadOf(ran.plan).due, toMicros))
  for (const { egress, attempts } of ran.records) {
    expect(egress).not.toBeNull()
    expect(attempts.length).toBeGreaterThan(0)
    for (const attempt of attempts) expect(attempt.hop).not.toBeNull()
  }
  expect(ran.observations.unsound).toEqual([])
})

test('the attempts of a retried request are in order, each at the replica that the journal names', () => {
  const journal = ran.logs.journal
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { id: string; attempt: number; cluster: string; replica: number; arrived: number })
  expect(every('/retried').some((record) => record.attempts.length >= 3)).toBe(true)
  for (const { id, attempts, status } of every('/retried')) {
    expect(attempts.map((attempt) => attempt.n)).toEqual(attempts.map((_, i) => i + 1))
    for (const [i, attempt] of attempts.entries()) {
      if (i > 0) expect(attempt.start).toBeGreaterThanOrEqual((attempts[i - 1]?.start as number) - CLOCKS_MS)
      const last = i === attempts.length - 1
      // All but the last met the abort, or there would have been no further one.
      if (!last || status === 503) expect(attempt).toMatchObject({ status: 503, stub: null, hop: { status: 503, faults: ['all-1'] } })
      else expect(attempt).toMatchObject({ status: 200, hop: { status: 200, faults: [] } })
      const line = journal.find((candidate) => candidate.id === id && candidate.attempt === attempt.n)
      expect(line === undefined).toBe(attempt.stub === null)
      if (line) expect(line).toMatchObject({ cluster: 'retried', replica: attempt.replica })
    }
  }
  const replicas = new Set(every('/retried').flatMap((record) => record.attempts.map((attempt) => attempt.replica)))
  expect(replicas).toEqual(new Set([1, 2, 3]))
})

test('an abort has no stub part', () => {
  for (const { attempts } of every('/aborted')) {
    expect(attempts).toMatchObject([{ status: 503, stub: null, cutBy: null, hop: { flags: ['FI'], faults: ['all-2'] } }])
  }
})

test('a delay that was cut short has no stub part, and the try after it has', () => {
  const cut = every('/delayed').flatMap((record) => record.attempts.filter((attempt) => attempt.hop?.faults.includes('all-3')))
  expect(cut.length).toBeGreaterThan(5)
  for (const attempt of cut) expect(attempt).toMatchObject({ cutBy: 'per_try', status: 0, stub: null })
  const saved = every('/delayed').filter((record) => record.attempts.length === 2 && record.status === 200)
  expect(saved.length).toBeGreaterThan(0)
  for (const { attempts } of saved) expect(attempts[1]).toMatchObject({ n: 2, cutBy: null, status: 200, stub: { status: 200 } })
})

// One worker, 30 ms a request: it takes up the next when it is done with the one before, and not earlier than that arrives.
test("waiting in a stub's queue is visible, and is the wait of a line with one server", () => {
  const seen = every('/queued')
    .map((record) => record.attempts[0]?.stub)
    .filter((stub) => stub !== null && stub !== undefined)
    .toSorted((a, b) => a.arrived - b.arrived)
  let freeAt = Number.NEGATIVE_INFINITY
  for (const stub of seen) {
    expect(stub.started).toBeCloseTo(Math.max(stub.arrived, freeAt), 1)
    expect(stub.due).toBeCloseTo(stub.started + SERVICE_MS, 1)
    freeAt = stub.due
    expect(stub.busy).toBe(1)
    expect(stub.queued > 0).toBe(stub.started - stub.arrived > 0)
  }
  expect(Math.max(...seen.map((stub) => stub.started - stub.arrived))).toBeGreaterThan(SERVICE_MS / 2)
})

describe('times', () => {
  test('of all stations are on one scale: due, sent, egress, attempt, hop, stub, and back', () => {
    for (const { due, sent, egress, attempts, end } of ran.records) {
      const [first, last] = [attempts[0], attempts.at(-1)]
      const stations = [due, sent, egress?.start, first?.start, first?.hop?.start, first?.stub?.arrived, first?.stub?.started]
      const passed = stations.filter((at) => at !== undefined)
      for (const [i, at] of passed.entries()) if (i > 0) expect(at).toBeGreaterThanOrEqual((passed[i - 1] as number) - CLOCKS_MS)
      if (last?.stub?.answered) expect(end).toBeGreaterThanOrEqual(last.stub.answered - CLOCKS_MS)
      expect(end).toBeGreaterThanOrEqual((egress?.start as number) + (egress?.durationMs as number) - CLOCKS_MS)
    }
  })

  test('what Envoy and the generator add to a request is little', async ({ annotate }) => {
    const added = every('/plain')
      .map(
        ({ sent, end, attempts }) =>
          (end as number) - sent - ((attempts[0]?.stub?.answered as number) - (attempts[0]?.stub?.arrived as number)),
      )
      .toSorted((a, b) => a - b)
    const at = (q: number) => (added[Math.ceil(q * added.length) - 1] as number).toFixed(2)
    await annotate(`two passes through Envoy and the client, besides the stub's time: p50 ${at(0.5)}, p90 ${at(0.9)} ms`)
    expect(added[Math.floor(added.length / 2)]).toBeLessThan(30)
  })
})

test('the route is the first that matches', () => {
  for (const record of every('/plain')) {
    const special = ran.plan.requests[record.request]?.headers['x-kind'] === 'special'
    expect(record.egress).toMatchObject({ cluster: 'plain', route: special ? 'route-5' : 'route-6' })
  }
})
