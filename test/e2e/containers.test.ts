import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { daemon, needsDocker } from '../helpers/docker.ts'
import { chaos, judged, MACHINE_LAG_MS, newFolder, readResults, STACK_TRACE, start, until } from '../helpers/run.ts'

/** What is built of these tests bears it, and so does each container of that. */
const OWN = `chaos-test-${process.pid}-${Date.now()}`

/** In the code of a program `'` stands for a text, so that it can be written into YAML as it is. */
const LISTENS = "require('http').createServer((q, a) => a.end('{}')).listen(process.env.PORT, '0.0.0.0')"

interface Made {
  upstreams?: string
  app?: string
  /** Further lines of the Dockerfile. */
  steps?: string[]
  seconds?: number
  expect?: string
}

/** A folder with a scenario and the folder that its containers are built from. */
function made({ upstreams = 'inventory: {}', app, steps = [], seconds = 1, expect: claim = 'success_rate: ">= 50%"' }: Made) {
  const folder = newFolder()
  mkdirSync(join(folder, 'app'))
  const from = [`ARG BASE=node:24-slim`, `FROM \${BASE}`, `LABEL own=${OWN}`, 'WORKDIR /app', ...steps]
  writeFileSync(join(folder, 'app/Dockerfile'), `${from.join('\n')}\n`)
  const file = join(folder, 'scenario.yaml')
  const lines = [
    'name: a test',
    `upstreams: { ${upstreams} }`,
    ...(app === undefined ? [] : [`app: { ${app} }`]),
    'load: { rate: 50/s, requests: [{ GET: /items/1 }] }',
    `phases: [{ name: only, for: ${seconds}s }]`,
    `expect: [{ phase: only, ${claim} }]`,
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  return { file, out: join(folder, 'out') }
}

const BUILD = `build: { context: ./app, args: { BASE: "\${CHAOS_NODE_IMAGE:-node:24-slim}" } }`
const serving = (code: string, more = '') => `${BUILD}, port: 8080, command: [node, -e, "${code}"]${more === '' ? '' : `, ${more}`}`

const filters = { label: [`own=${OWN}`] }
const containersLeft = async () => (await daemon().dockerode.listContainers({ all: true, filters })).length
/** By their names: the steps of a build stay in the daemon's cache, as after `docker build`. */
const imagesLeft = async () =>
  (await daemon().dockerode.listImages({ filters: JSON.stringify(filters) }))
    .flatMap(({ RepoTags }) => RepoTags ?? [])
    .filter((name) => name !== '<none>:<none>')

async function expectNothingLeft() {
  expect(await containersLeft()).toBe(0)
  expect(await imagesLeft()).toEqual([])
}

afterAll(async () => {
  if (withoutDocker) return
  for (const { Id } of await daemon().dockerode.listImages({ filters: JSON.stringify(filters) }))
    await daemon().dockerode.getImage(Id).remove({ force: true })
})

const withoutDocker = await needsDocker()

describe.skipIf(withoutDocker)('an app in a container', () => {
  test('is told where Envoy is, and nothing of this machine; what it says is kept to its last word, without secrets', async () => {
    const code = [
      'console.log(JSON.stringify(process.env))',
      "process.on('SIGTERM', () => { console.log('the last word'); process.exit() })",
      "const ask = (q, a) => fetch(process.env.INVENTORY_URL + q.url, { headers: { 'x-request-id': q.headers['x-request-id'] } }).then((r) => r.text()).then((t) => a.end(t))",
      "require('http').createServer(ask).listen(8080, () => console.log('it listens'))",
    ].join('; ')
    const { file, out } = made({
      upstreams: 'inventory: { respond: { body: in stock } }',
      app: serving(code, `env: { API_KEY: hush-hush, PLACE: "\${clusters.inventory.host}" }, ready: { log: it listens }`),
      expect: 'success_rate: ">= 90%", body: { contains: in stock }, attempts: 1',
    })
    const { code: exit, stdout } = await judged(['run', file, '--out', out], { env: { OF_THIS_MACHINE: 'never-told' } })
    expect(stdout).toMatch(/^PASS /m)
    expect(exit).toBe(0)
    const said = readFileSync(join(out, 'logs/app.log'), 'utf8')
    const told = JSON.parse(said.split('\n')[0] as string)
    expect(told).toMatchObject({ PORT: '8080', INVENTORY_URL: 'http://envoy.chaos:10001', PLACE: 'envoy.chaos', API_KEY: '***' })
    expect(told.NO_PROXY.split(',')).toContain('envoy.chaos')
    expect(told).not.toHaveProperty('OF_THIS_MACHINE')
    expect(said.trimEnd()).toMatch(/the last word$/)
    await expectNothingLeft()
  })

  test('may have Envoy as its proxy, but for the ports of the clusters', async () => {
    const code = [
      "const { get } = require('http')",
      "const ask = (url, q) => new Promise((done, fail) => get(url, { headers: { 'x-request-id': q.headers['x-request-id'] } }, (r) => r.on('data', (t) => done(t))).on('error', fail))",
      "const both = async (q) => (await ask('http://inventory/by-name', q)) + '+' + (await ask(process.env.INVENTORY_URL + '/by-port', q))",
      "require('http').createServer((q, a) => both(q).catch(String).then((t) => a.end(t))).listen(8080)",
    ].join('; ')
    const { file, out } = made({
      upstreams: 'inventory: { respond: { body: stock } }',
      app: serving(code, 'proxy: true'),
      expect: 'success_rate: ">= 90%", body: { equals: stock+stock }, attempts: 2',
    })
    const { code: exit, stdout } = await judged(['run', file, '--out', out])
    expect(stdout).toMatch(/^PASS /m)
    expect(exit).toBe(0)
    const authorities = readFileSync(join(out, 'logs/egress.ndjson'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).authority)
    expect(new Set(authorities)).toEqual(new Set(['inventory', 'envoy.chaos:10001']))
  })

  test.each([
    [
      'listens on 127.0.0.1 alone, where nobody outside reaches it',
      LISTENS.replace('0.0.0.0', '127.0.0.1'),
      /the app was not ready after 1s: a connection to 127\.0\.0\.1:\d+ was closed at once[\s\S]*\(0\.0\.0\.0\), not of 127\.0\.0\.1/,
    ],
    [
      'ends before it is ready',
      "setTimeout(() => { console.error('no database'); process.exit(7) }, 300)",
      /the app ended with code 7 before it was ready\s+no database/,
    ],
    ['ends at once', "console.error('no database'); process.exit(7)", /the app.* ended with code 7[\s\S]*no database/],
  ])('that %s is told with its last words: exit 3', async (_, code, told) => {
    const { file, out } = made({ app: serving(code, 'ready: { within: 1s }') })
    const { code: exit, stdout, stderr } = await chaos(['run', file, '--out', out])
    expect(stdout.replace(/\s+/g, ' ')).toMatch(told)
    expect(`${stdout}${stderr}`).not.toMatch(STACK_TRACE)
    expect(exit).toBe(3)
    await expectNothingLeft()
  })

  test('that is killed in the run ends it: exit 3, with its last words', async () => {
    const code = `console.log('I was here'); setTimeout(() => process.exit(9), 2500); ${LISTENS}`
    const { file, out } = made({ app: serving(code), seconds: 20 })
    const { code: exit, stdout } = await chaos(['run', file, '--out', out])
    expect(stdout).toMatch(/the app ended during the run, with code 9\s+I was here/)
    expect(exit).toBe(3)
    await expectNothingLeft()
  })

  test('is refused by --runtime process at its place: exit 2', async () => {
    const { file } = made({ app: serving(LISTENS) })
    const { code, stderr } = await chaos(['run', file, '--runtime', 'process'])
    expect(stderr).toMatch(/scenario\.yaml:3:8: app: build needs a container/)
    expect(code).toBe(2)
  })
})

describe.skipIf(withoutDocker)('an upstream in a container', () => {
  test('has its own log, environment and replicas, and each request is explained without a journal', async () => {
    const code = `console.log(process.env.WHO, process.env.PORT); ${LISTENS}`
    const { file, out } = made({
      upstreams: `inventory: { ${serving(code, 'env: { WHO: "it is $${me}" }, replicas: 2, ready: { http: / }')} }`,
      expect: 'success_rate: ">= 90%", attempts: 1',
    })
    const { code: exit, stdout } = await judged(['run', file, '--out', out])
    expect(stdout).toMatch(/^PASS /m)
    expect(exit).toBe(0)
    for (const replica of [1, 2]) expect(readFileSync(join(out, `logs/inventory-${replica}.log`), 'utf8')).toBe(`it is \${me} 8080\n`)
    const [first] = readFileSync(join(out, 'requests.ndjson'), 'utf8').split('\n')
    const { attempts } = JSON.parse(first as string).calls[0]
    expect(attempts).toEqual([expect.objectContaining({ status: 200, stub: null, sentOn: expect.any(Number) })])
    expect(readResults(out)).toMatchObject({ runtime: 'docker', verdict: { status: 'pass' } })
    await expectNothingLeft()
  })

  test('may stand beside stubs, and any of them may have the name that Envoy or the app has on the network', async () => {
    const { file, out } = made({
      upstreams: `envoy: { respond: { body: from a stub } }, app: { ${serving(LISTENS)} }`,
      app: serving(
        "require('http').createServer((q, a) => fetch(process.env.ENVOY_URL, { headers: { 'x-request-id': q.headers['x-request-id'] } }).then((r) => r.text()).then((t) => a.end(t))).listen(8080)",
      ),
      expect: 'success_rate: ">= 90%", body: { equals: from a stub }',
    })
    const { code, stdout } = await judged(['run', file, '--out', out])
    expect(stdout).toMatch(/^PASS /m)
    expect(code).toBe(0)
  })

  test('that dies in the run ends it: exit 3, with the replica and its last words', async () => {
    const code = `setTimeout(() => { console.error('out of shelves'); process.exit(4) }, 2500); ${LISTENS}`
    const { file, out } = made({ upstreams: `inventory: { ${serving(code, 'replicas: 2')} }`, seconds: 20 })
    const { code: exit, stdout } = await chaos(['run', file, '--out', out])
    expect(stdout).toMatch(/inventory\/[12] ended during the run, with code 4\s+out of shelves/)
    expect(exit).toBe(3)
    await expectNothingLeft()
  })
})

describe.skipIf(withoutDocker)('an image that cannot be had', () => {
  test('is told with what its build said: exit 3, and nothing is left of it', async () => {
    const { file, out } = made({ app: serving(LISTENS), steps: ['RUN echo the shelves are empty && exit 3'] })
    const { code, stdout } = await chaos(['run', file, '--out', out])
    expect(stdout).toMatch(/app\.build \(\S+:\d+\): cannot build [\s\S]*exit code 3[\s\S]*the shelves are empty/)
    expect(code).toBe(3)
    await expectNothingLeft()
  })

  test('is told without a secret that its build was given by a variable', async () => {
    const login = `build: { context: ./app, args: { BASE: "\${CHAOS_NODE_IMAGE:-node:24-slim}", NPM_TOKEN: "\${LOGIN:-none}" } }, port: 8080`
    const { file, out } = made({ app: login, steps: ['ARG NPM_TOKEN', 'RUN echo login with $NPM_TOKEN failed && exit 3'] })
    const { stdout } = await chaos(['run', file, '--out', out], { env: { LOGIN: 's3cr3t-login' } })
    expect(stdout).toContain('login with *** failed')
    expect(JSON.stringify(readResults(out))).not.toContain('s3cr3t-login')
    expect(readFileSync(join(out, 'evidence.json'), 'utf8')).not.toContain('s3cr3t-login')
    await expectNothingLeft()
  })

  test('is told with its registry: exit 3, soon', async () => {
    // Nobody listens there.
    const { file, out } = made({ upstreams: 'inventory: { image: "127.0.0.1:9/inventory:1", port: 80 }' })
    const started = performance.now()
    const { code, stdout } = await chaos(['run', file, '--out', out])
    expect(stdout.replace(/\s+/g, ' ')).toContain('cannot pull 127.0.0.1:9/inventory:1')
    expect(code).toBe(3)
    expect(performance.now() - started).toBeLessThan(3000 + MACHINE_LAG_MS)
  })

  test('is given up by Ctrl-C while it is built: exit 130, and nothing is left of it', async () => {
    const { file, out } = made({ app: serving(LISTENS), steps: ['RUN sleep 60'] })
    const run = start(['run', file, '--out', out])
    await until('the build sleeps', async () => (await containersLeft()) > 0)
    run.process.kill('SIGINT')
    expect((await run.finished).code).toBe(130)
    await until('its container is gone', async () => (await containersLeft()) === 0)
    await expectNothingLeft()
  })

  test('leaves nothing where all processes of the run are killed while it is built', async () => {
    const { file, out } = made({ app: serving(LISTENS), steps: ['RUN sleep 60'] })
    const run = start(['run', file, '--out', out])
    await until('the build sleeps', async () => (await containersLeft()) > 0)
    for (const { pid } of run.alive()) process.kill(pid, 'SIGKILL')
    // The daemon gives a build up when nobody reads what it says.
    await until('its container is gone', async () => (await containersLeft()) === 0)
    await until('all processes are gone', () => run.alive().length === 0)
    await expectNothingLeft()
  })
})
