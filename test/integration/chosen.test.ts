import { createServer } from 'node:http'
import { beforeAll, describe, expect, test } from 'vitest'
import { requestIndex } from '../../src/load/client-log.ts'
import { chosenHeader } from '../../src/plan/plan.ts'
import { observeSpoilt, type Ran, runScenario } from '../helpers/scenario.ts'

/** Faults that meet exactly the requests that were chosen for them before the run. */

const FAULTS = {
  every: '{ cluster: one, abort: 503, every: 5 }',
  first: '{ cluster: one, abort: 503, first: 7, when: { path: /a, attempt: 1 } }',
  exact: '{ cluster: one, abort: 503, percent: 20, mode: exact }',
  ingress: '{ cluster: one, at: ingress, abort: 429, percent: 10, mode: exact }',
  stub: '{ cluster: one, hang: true, every: 10, when: { attempt: 1 } }',
  two: '{ cluster: one, delay: 5ms, every: 4 }, { cluster: one, abort: 503, percent: 50, mode: exact }',
}

describe('the requests that were chosen, and no others, meet the fault', () => {
  let ran: Ran
  beforeAll(async () => {
    ran = await runScenario(`
upstreams: { one: { replicas: 2 } }
envoy:
  clusters: { one: { circuit_breakers: { max_retries: 1000 } } }
  routes: [{ match: { prefix: / }, cluster: one, retry_policy: { retry_on: [5xx], num_retries: 2, per_try_timeout: 250ms, retry_back_off: { base_interval: 1ms } } }]
load: { rate: 100/s, requests: [{ GET: /a }, { POST: /b, json: {} }] }
phases:
${Object.entries(FAULTS)
  .map(([name, faults]) => `  - { name: ${name}, for: 720ms, faults: [${faults}] }\n  - { name: after ${name}, for: 300ms }`)
  .join('\n')}
`)
  })

  test.each(['every-1', 'first-1', 'exact-1', 'ingress-1', 'stub-1', 'two-1', 'two-2'])('%s', (id) => {
    const fault = ran.plan.faults.find((each) => each.id === id)
    const evidence = ran.observations.faults.find((each) => each.id === id)
    expect(evidence).toMatchObject({ doubt: null, metRequests: fault?.chosen?.requests.size })
    const met = ran.records.flatMap(({ id: of, attempts, ingressFaults }) =>
      [...ingressFaults, ...attempts.flatMap(({ hop }) => hop?.faults ?? [])].includes(id) ? [requestIndex(of)] : [],
    )
    expect(new Set(met)).toEqual(new Set(fault?.chosen?.requests))
  })

  test('all attempts of a chosen request meet it, unless when.attempt says which', () => {
    const statuses = (phase: string) =>
      new Set(
        ran.records
          .filter((record) => ran.plan.phases[record.phase]?.name === phase && !record.edge)
          .map(({ attempts }) => attempts.map(({ status }) => status).join(' ')),
      )
    expect(statuses('every')).toEqual(new Set(['503 503 503', '200']))
    expect(statuses('first')).toEqual(new Set(['503 200', '200']))
    expect(statuses('stub')).toEqual(new Set(['0 200', '200']))
  })

  test('the evidence is doubted where one of them is missing', () => {
    const [chosen] = ran.plan.faults[0]?.chosen?.requests ?? []
    const id = `r-${(chosen as number) + 1}`
    const hop = ran.logs.hop
      .split('\n')
      .map((line) => (line.includes(`"${id}"`) ? line.replaceAll('{"met":true}', 'null') : line))
      .join('\n')
    const [evidence] = observeSpoilt(ran, { hop }).faults
    expect(evidence?.doubt).toBe(
      `the fault abort 503 on one did not meet the requests that were chosen for it (every: 5): 13 of 14 requests met it (not so ${id})`,
    )
  })

  test('no source contradicts another', () => expect(ran.observations.unsound).toEqual([]))
})

test('what is behind the hop does not see the mark', async () => {
  const seen: string[][] = []
  const server = createServer((incoming, outgoing) => {
    seen.push(Object.keys(incoming.headers))
    outgoing.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const port = (server.address() as { port: number }).port
  try {
    const ran = await runScenario(
      `
upstreams: { one: {} }
load: { rate: 50/s }
phases: [{ name: all, for: 400ms, faults: [{ cluster: one, delay: 1ms, every: 2 }] }]
`,
      { connectTo: { 'stub/one/1': port } },
    )
    const [fault] = ran.plan.faults
    expect(seen.length).toBeGreaterThan(10)
    expect(seen.flat()).not.toContain(fault && chosenHeader(fault))
  } finally {
    server.close()
  }
})
