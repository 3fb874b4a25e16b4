import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { Bootstrap } from '../../src/envoy/bootstrap.ts'
import { attemptsOf, clustersOf } from '../../src/observe/record.ts'
import { runScenario } from '../helpers/scenario.ts'

/** A small app in this process: which clusters it calls for a path, one after the other, and which of the caller's headers it forwards. */
interface App {
  calls: Readonly<Record<string, readonly string[]>>
  forwards: readonly string[]
}

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function startApp({ calls, forwards }: App) {
  const ports: Record<string, number> = {}
  const server = createServer(async (incoming, outgoing) => {
    let worst = 200
    for (const cluster of calls[incoming.url ?? ''] ?? []) worst = Math.max(worst, await get(ports[cluster] as number, headersOf(incoming)))
    outgoing.writeHead(worst === 200 ? 200 : 502).end()
  })
  const headersOf = ({ headers }: IncomingMessage) => Object.fromEntries(forwards.map((name) => [name, headers[name] as string]))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  servers.push(server)
  const meanwhile = ({ bootstrap }: { bootstrap: Bootstrap }) => {
    for (const { name, address } of bootstrap.static_resources.listeners)
      if (name.startsWith('egress_')) ports[name.slice('egress_'.length)] = address.socket_address.port_value
  }
  return { target: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, tampering: { meanwhile } }
}

function get(port: number, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, headers }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode as number))
    })
    sent.once('error', reject).end()
  })
}

const scenario = (target: string, rate: number) => `
upstreams:
  prices: { latency: 2ms }
  stock: { latency: 2ms }
envoy:
  clusters: { stock: { circuit_breakers: { max_retries: 100 } } }
  routes: [{ match: { prefix: / }, cluster: stock, retry_policy: { retry_on: [5xx], num_retries: 1, retry_back_off: { base_interval: 1ms } } }]
load: { rate: ${rate}/s, target: "${target}", requests: [{ GET: /both }, { GET: /none }, { GET: /thrice }] }
phases: [{ name: all, for: 1500ms, faults: [{ cluster: stock, abort: 503, percent: 30 }] }]
`
const CALLS = { '/both': ['prices', 'stock'], '/thrice': ['stock', 'stock', 'stock'] }

test('an app that forwards x-request-id may call several clusters, one of them several times, or none', async () => {
  const app = await startApp({ calls: CALLS, forwards: ['x-request-id'] })
  const ran = await runScenario(scenario(app.target, 80), app.tampering)
  expect(ran.observations).toMatchObject({ unsound: [], foreignCalls: 0 })
  const clusters: Record<string, string[]> = { '/both': ['prices', 'stock'], '/none': [], '/thrice': ['stock', 'stock', 'stock'] }
  for (const record of ran.observations.records) {
    expect(record.joined).toBe(true)
    expect(clustersOf(record)).toEqual(clusters[ran.plan.requests[record.request]?.path as string])
    for (const { attempts, egress } of record.calls) {
      expect(attempts.map(({ n }) => n)).toEqual(attempts.map((_, i) => i + 1))
      expect(attempts.at(-1)?.status).toBe(egress.status)
      // only stock has a fault, and a retry for it
      if (egress.cluster === 'prices') expect(attempts).toMatchObject([{ status: 200, stub: { status: 200 }, hop: { faults: [] } }])
      for (const attempt of attempts) expect(attempt.hop?.faults ?? []).toEqual(attempt.status === 503 ? ['all-1'] : [])
    }
  }
  const attempts = [...ran.observations.records].flatMap(attemptsOf)
  expect(attempts.filter(({ status }) => status === 503).length).toBeGreaterThan(5)
  expect(attempts.length).toBe(ran.stat('cluster.prices.upstream_rq_total') + ran.stat('cluster.stock.upstream_rq_total'))
  expect(ran.observations.faults).toMatchObject([{ doubt: null }])
})

test('one that forwards nothing is joined by time while one request is in flight at a time', async () => {
  const app = await startApp({ calls: CALLS, forwards: [] })
  // 20/s: 50 ms between requests that take about 10
  const ran = await runScenario(scenario(app.target, 20), app.tampering)
  const known = ran.observations.records.filter(({ joined }) => joined)
  // of 30; a busy machine makes some of them overlap
  expect(known.length).toBeGreaterThan(10)
  for (const record of known) {
    const path = ran.plan.requests[record.request]?.path
    expect(record.calls.length).toBe(path === '/both' ? 2 : path === '/thrice' ? 3 : 0)
  }
})

test('and with many in flight it is not: those that may have made a call are in doubt, and the faults are weighed all the same', async () => {
  const app = await startApp({ calls: { ...CALLS, '/none': ['prices'] }, forwards: [] })
  const ran = await runScenario(scenario(app.target, 400), app.tampering)
  expect(ran.observations.foreignCalls).toBeGreaterThan(300)
  expect(ran.observations.records.filter(({ joined }) => joined).length).toBeLessThan(ran.records.length / 2)
  expect(ran.observations.faults).toMatchObject([{ doubt: null }])
})
