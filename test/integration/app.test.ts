import { describe, expect, test } from 'vitest'
import { runScenario } from '../helpers/scenario.ts'

/** The rest of a scenario around an app. */
const around = (app: string, more = '') => `
upstreams: { inventory: { respond: { json: { stock: 3 } } }, pay-desk: {} }
app:
${app}
load: { rate: 50/s, requests: [{ GET: /items/42 }] }
phases: [{ name: all, for: 500ms }]
${more}`

const egressLines = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { path: string; cluster: string; status: number; id: string })

test('load goes to the app, and its calls to the port of the cluster that NAME_URL tells it', async () => {
  const { records, logs, observations } = await runScenario(
    around('  command: [node, test/fixtures/apps/shop.mjs, --forward, x-request-id]'),
  )
  expect(records).toHaveLength(25)
  for (const record of records) expect(record).toMatchObject({ status: 200, success: true })
  const lines = egressLines(logs.egress)
  expect(lines).toHaveLength(25)
  for (const line of lines) expect(line).toMatchObject({ path: '/items/42', cluster: 'inventory', status: 200 })
  expect(observations.unsound).toEqual([])
})

test('an address may be told by url, or by host and port, in arguments and environment', async () => {
  const { records, logs } = await runScenario(
    around(
      `  command: [node, test/fixtures/apps/shop.mjs, --from, "http://\${clusters.pay-desk.host}:\${clusters.pay-desk.port}"]
  env: { INVENTORY_URL: nowhere }`,
    ),
  )
  for (const record of records) expect(record.status).toBe(200)
  for (const line of egressLines(logs.egress)) expect(line.cluster).toBe('pay-desk')
})

describe('the load begins when the app is ready', () => {
  test.each([
    ['by its port', ''],
    ['by an answer', '  ready: { http: /healthz }'],
    ['by its output', '  ready: { log: "shop listens" }'],
  ])('%s', async (_, ready) => {
    const { records } = await runScenario(around(`  command: [node, test/fixtures/apps/shop.mjs, --late, 400]\n${ready}`))
    for (const record of records) expect(record.status).toBe(200)
  })
})

test('the policy of Envoy acts on the calls of the app, on the port of each cluster', async () => {
  const { records, logs } = await runScenario(`
upstreams: { inventory: {} }
app: { command: [node, test/fixtures/apps/shop.mjs, --fallback] }
envoy: { routes: [{ match: { prefix: / }, cluster: inventory, timeout: 100ms }] }
load: { rate: 20/s }
phases: [{ name: all, for: 500ms, faults: [{ cluster: inventory, delay: 300ms }] }]
`)
  for (const record of records) expect(record.status).toBe(200)
  const lines = egressLines(logs.egress)
  expect(lines).toHaveLength(records.length)
  for (const line of lines) expect(line.status).toBe(504)
})
