import { expect, test } from 'vitest'
import { openLoadOf, runScenario, toMicros } from '../helpers/scenario.ts'
import { serve } from '../helpers/servers.ts'

// The first phase aborts all that it meets. 300 ms of warm-up at 100/s are 30 requests before it, without its fault.
test.each(['rate: 100/s', 'connections: 2, think: 10ms'])('a warm-up is in no phase and meets no fault: %s', async (load) => {
  const { records, observations, plan } = await runScenario(`
upstreams: { one: {} }
load: { ${load}, warmup: 300ms }
phases: [{ name: outage, for: 300ms, faults: [{ cluster: one, abort: 503 }] }, { name: after, for: 200ms }]
`)
  expect(plan.phases.map(({ from, to }) => [from, to])).toEqual([
    [300, 600],
    [600, 800],
  ])
  const seen = [-1, 0, 1].map((phase) => records.filter((record) => record.phase === phase))
  expect(seen.map((of) => [...new Set(of.filter(({ stray }) => !stray).map(({ status }) => status))])).toEqual([[200], [503], [200]])
  expect(seen[0]?.every(({ due, joined }) => due < 300 && joined)).toBe(true)
  if (load.startsWith('rate')) expect(seen.map((of) => of.length)).toEqual([30, 30, 20])
  expect(observations.unsound).toEqual([])
  expect(observations.faults.map(({ doubt, met, matched }) => [doubt, met - matched])).toEqual([[null, 0]])
  expect(observations.phases.map(({ from }) => from >= 300)).toEqual([true, true])
})

test('a phase may ramp, and have bursts: they arrive as planned', async () => {
  const { records, observations, plan } = await runScenario(`
upstreams: { one: { latency: 1ms } }
load: { rate: 50/s }
phases:
  - { name: calm, for: 400ms }
  - { name: ramp, for: 1s, rate: { from: 50/s, to: 250/s } }
  - { name: bursts, for: 1s, rate: 0/s, bursts: { size: 20, every: 500ms } }
`)
  // 20, then on average 150/s, then 2 × 20.
  expect([0, 1, 2].map((phase) => records.filter((record) => record.phase === phase).length)).toEqual([20, 150, 40])
  expect(records.map(({ due }) => due)).toEqual(Array.from(openLoadOf(plan).due, toMicros))
  expect(records.every(({ status }) => status === 200)).toBe(true)
  expect(observations.unsound).toEqual([])
})

test('load.target sends the load there instead of to Envoy', async () => {
  const ids: (string | undefined)[] = []
  const origin = await serve((request, response) => {
    ids.push(request.headers['x-request-id'] as string)
    response.writeHead(201).end()
  })
  const ran = await runScenario(`
upstreams: { one: {} }
load: { rate: 100/s, target: "${origin}" }
phases: [{ name: all, for: 200ms }]
`)
  expect(ran.records.map((record) => [record.status, record.egress, record.attempts])).toEqual(ran.records.map(() => [201, null, []]))
  // Where the machine disturbed a run, there was another.
  expect(ids.slice(-ran.records.length)).toEqual(ran.records.map((record) => record.id))
  expect(ran.observations.unsound).toEqual([])
})
