import { spawnSync } from 'node:child_process'
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

test('on the port of a cluster only the routes to it count: two policies may be for all paths', async () => {
  const { records, logs } = await runScenario(`
upstreams: { inventory: {}, pay-desk: {} }
app: { command: [node, test/fixtures/apps/shop.mjs, --fallback, --from, "\${clusters.pay-desk.url}"] }
envoy:
  routes:
    - { match: { prefix: / }, cluster: inventory, timeout: 5s }
    - { match: { prefix: / }, cluster: pay-desk, timeout: 100ms }
load: { rate: 20/s }
phases: [{ name: all, for: 500ms, faults: [{ cluster: pay-desk, delay: 300ms }] }]
`)
  for (const record of records) expect(record.status).toBe(200)
  const lines = egressLines(logs.egress)
  expect(lines).toHaveLength(records.length)
  for (const line of lines) expect(line).toMatchObject({ cluster: 'pay-desk', status: 504 })
})

describe('an app whose addresses cannot be changed', () => {
  const twoStep = `
upstreams: { inventory: { hosts: [api.example.com, "api:8080"], respond: { json: { stock: 3 } } }, pay-desk: {} }
envoy: { routes: [{ match: { prefix: /items }, cluster: inventory, timeout: 1s }, { match: { prefix: / }, cluster: pay-desk }] }
load: { rate: 20/s, requests: [{ GET: /items/42 }] }
phases: [{ name: calm, for: 300ms }, { name: slow, for: 300ms, faults: [{ cluster: inventory, delay: 3s }] }]
`
  /** Each call went to the inventory, by the scenario's route to it: in the second phase its timeout cuts the delay off. */
  async function expectRouted(app: string) {
    const { records, logs, observations } = await runScenario(`${twoStep}\napp: ${app}`)
    // One that is in the app when the phase ends may come to Envoy with the faults of the next.
    const settled = records.filter(({ edge, phase }) => !(edge && phase === 0))
    expect(settled.map(({ phase, status }) => [phase, status])).toEqual(settled.map(({ phase }) => [phase, phase === 0 ? 200 : 504]))
    const lines = egressLines(logs.egress)
    expect(lines).toHaveLength(records.length)
    for (const line of lines) expect(line).toMatchObject({ cluster: 'inventory', path: '/items/42' })
    expect(observations.notes).toEqual([])
  }

  test.each(['inventory', 'Inventory:80', 'api.example.com', 'api:8080', 'pay-desk'])(
    'may ask the shared port for the host %s',
    async (host) => {
      const app = `{ command: [node, test/fixtures/apps/shop.mjs, --from, "\${envoy.url}", --host, "${host}"] }`
      if (host !== 'pay-desk') return await expectRouted(app)
      const { logs } = await runScenario(`${twoStep}\napp: ${app}`)
      for (const line of egressLines(logs.egress)) expect(line.cluster).toBe('pay-desk')
    },
  )

  test('may ask the shared port without a name, and takes the routes of the scenario', () =>
    expectRouted(`{ command: [node, test/fixtures/apps/shop.mjs, --from, "\${envoy.url}"] }`))

  test.each(['http://inventory', 'http://api.example.com:81'])('may have Envoy as its proxy for %s', (url) =>
    expectRouted(`{ command: [node, test/fixtures/apps/shop.mjs, --from, "${url}"], proxy: true }`),
  )

  const hasPython = spawnSync('python3', ['--version']).status === 0
  test.skipIf(!hasPython)('may be in Python, with the proxy of its environment', () =>
    expectRouted('{ command: [python3, test/fixtures/apps/shop.py], proxy: true }'),
  )

  test('calls its own machine past the proxy', async () => {
    const { records } = await runScenario(`${twoStep}\napp: { command: [node, test/fixtures/apps/shop.mjs], proxy: true }`)
    for (const { status, phase, edge } of records) if (!edge) expect(status).toBe(phase === 0 ? 200 : 504)
  })
})

test('a proxy that is asked for a tunnel says that it cannot see into one', async () => {
  const { records, observations } = await runScenario(
    around('  command: [node, test/fixtures/apps/shop.mjs, --fetch, --from, "http://inventory"]\n  proxy: true'),
  )
  for (const { status } of records) expect(status).toBe(502)
  expect(observations.notes).toEqual([
    expect.stringMatching(/^CONNECT inventory:80 is no cluster: .* got 404 from Envoy; it cannot see into a tunnel/),
  ])
})

test('a call for a host that is no cluster gets 404 from Envoy, and the results say so', async () => {
  const { records, observations } = await runScenario(
    around('  command: [node, test/fixtures/apps/shop.mjs, --from, "http://elsewhere.example", --forward, x-request-id]\n  proxy: true'),
  )
  for (const { status } of records) expect(status).toBe(404)
  expect(observations.notes).toEqual([
    'elsewhere.example is no cluster: 25 calls of the app for it got 404 from Envoy; if a cluster stands for it, name the host in its upstreams.<name>.hosts',
  ])
  expect(observations.unsound).toEqual([])
})

describe('a fault that an app asks Envoy for of its own accord', () => {
  const asking = (faults: string) =>
    runScenario(
      around('  command: [node, test/fixtures/apps/shop.mjs, --forward, x-request-id, --ask, x-envoy-fault-abort-request=503]').replace(
        'for: 500ms',
        `for: 500ms, faults: [${faults}]`,
      ),
    )
  test('is told of where no fault by: header takes it', async () => {
    const { observations } = await asking('{ cluster: pay-desk, abort: 503, by: header }')
    expect(observations.notes).toEqual([
      '25 calls of the app asked for a fault by x-envoy-fault-abort-request: 503 at inventory, and nothing came of it: no fault by: header takes that; add one to a phase, or have the app send none',
    ])
  })

  test('is met, and no matter, where one does', async () => {
    const { observations } = await asking('{ cluster: inventory, abort: 503, by: header }')
    expect(observations).toMatchObject({ notes: [], faults: [{ met: 25 }] })
  })
})

describe('the calls of a request are told by', () => {
  // Far more than one in flight at a time, so that nothing can be told by time.
  const many = (app: string) => `
upstreams: { inventory: { latency: 30ms } }
app: { command: [node, test/fixtures/apps/shop.mjs${app}
load: { rate: 200/s, arrivals: poisson, requests: [{ GET: /items/42 }] }
phases: [{ name: all, for: 500ms }]
`
  test.each([
    ['x-request-id', ', --forward, x-request-id] }'],
    ['traceparent', ', --forward, traceparent] }'],
    ['the header of the app', ', --forward, x-correlation-id], id_header: X-Correlation-Id }'],
  ])('%s, where the app hands it on', async (_, app) => {
    const { records, observations } = await runScenario(many(app))
    expect(records.length).toBeGreaterThan(50)
    for (const { joined, calls } of records) expect({ joined, calls: calls.length }).toEqual({ joined: true, calls: 1 })
    expect(observations).toMatchObject({ unsound: [], foreignCalls: 0 })
  })

  test('nothing, where it hands on none of them', async () => {
    const { records, observations } = await runScenario(many('] }'))
    expect(records.filter(({ joined }) => joined).length).toBeLessThan(records.length / 2)
    expect(observations.foreignCalls).toBeGreaterThan(50)
  })
})

describe('a fault that waits for a header', () => {
  const waiting = (forward: string) => `
upstreams: { inventory: {} }
app: { command: [node, test/fixtures/apps/shop.mjs, --forward, x-request-id${forward}] }
load: { rate: 50/s, requests: [{ GET: /a, headers: { x-user: jason } }, { GET: /b }] }
phases: [{ name: all, for: 800ms, faults: [{ cluster: inventory, abort: 503, when: { header: { x-user: jason } } }] }]
`
  test('is met by the calls of an app that hands it on', async () => {
    const { records, plan, observations } = await runScenario(waiting(', --forward, x-user'))
    for (const { request, status } of records) expect(status).toBe(plan.requests[request]?.path === '/a' ? 503 : 200)
    expect(observations.faults).toMatchObject([{ doubt: null, matched: records.filter(({ status }) => status === 503).length }])
  })

  const asking = (forward: string) => `
upstreams: { inventory: {} }
app: { command: [node, test/fixtures/apps/shop.mjs, --forward, x-request-id${forward}] }
load: { rate: 50/s, requests: [{ GET: /a, headers: { x-envoy-fault-abort-request: "503" } }, { GET: /b }] }
phases: [{ name: all, for: 800ms, faults: [{ cluster: inventory, abort: 503, by: header }] }]
`
  test('by which callers ask for it: it meets those alone, through an app that hands it on', async () => {
    const { records, plan, observations } = await runScenario(asking(', --forward, x-envoy-fault-abort-request'))
    for (const { request, status } of records) expect(status).toBe(plan.requests[request]?.path === '/a' ? 503 : 200)
    const asked = records.filter(({ request }) => plan.requests[request]?.path === '/a').length
    expect(observations.faults).toMatchObject([{ doubt: null, matched: asked, met: asked }])
  })

  test('by which callers ask for it: where the app keeps it, the run says where it was lost', async () => {
    const { observations } = await runScenario(asking(''))
    expect(observations.faults).toMatchObject([
      {
        met: 0,
        doubt: expect.stringMatching(
          /never fired: the load sent x-envoy-fault-abort-request: 503 with \d+ requests, but none of the \d+ attempts that came to Envoy for inventory had it; let the app hand on x-envoy-fault-abort-request$/,
        ),
      },
    ])
  })

  test('may ask for the path and the method of the calls that the app makes, and says that none had them', async () => {
    const { observations } = await runScenario(`
upstreams: { inventory: {} }
app: { command: [node, test/fixtures/apps/shop.mjs, --forward, x-request-id] }
load: { rate: 50/s, requests: [{ POST: /a, json: {}, headers: { x-user: jason } }] }
phases:
  - name: all
    for: 800ms
    faults:
      - { cluster: inventory, delay: 1ms, when: { path: { prefix: / }, method: GET } }
      - { cluster: inventory, abort: 503, when: { path: /a, method: POST } }
      - { cluster: inventory, abort: 503, when: { header: { x-user: { prefix: ja } }, path: { prefix: / } } }
`)
    expect(observations.faults).toMatchObject([
      { doubt: null, matched: 40, met: 40 },
      {
        doubt:
          'the fault abort 503 on inventory never fired: none of the 40 attempts that came to Envoy for inventory had path: /a and method: POST',
      },
      {
        doubt:
          'the fault abort 503 on inventory never fired: the load sent x-user: { prefix: ja } with 40 requests, but none of the 40 attempts that came to Envoy for inventory had x-user: { prefix: ja } and path: { prefix: / }; let the app hand on x-user',
      },
    ])
  })

  test('says where the header was lost when the app does not', async () => {
    const { records, observations, plan } = await runScenario(waiting(''))
    const sent = records.filter(({ request }) => plan.requests[request]?.path === '/a').length
    expect(observations.faults).toMatchObject([
      {
        matched: 0,
        doubt: `the fault abort 503 on inventory never fired: the load sent x-user: jason with ${sent} requests, but none of the 40 attempts that came to Envoy for inventory had it; let the app hand on x-user`,
      },
    ])
  })
})
