import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Bootstrap } from '../../src/envoy/bootstrap.ts'
import { isOneOf } from '../../src/fault/attempts.ts'
import { fulfils, hadOf } from '../../src/fault/when.ts'
import type { RequestRecord } from '../../src/observe/record.ts'
import { type PhasePrediction, predict } from '../../src/predict/predict.ts'
import { type Ran, runScenario, type StraightRecord } from '../helpers/scenario.ts'

/** Which requests meet a fault: Envoy decides it by its HeaderMatcher, and the evidence by `fulfils`. They must agree. */

const CONDITIONS = [
  'header: { x-a: jason }',
  'header: { X-A: { exact: jason } }',
  'header: { x-a: "" }',
  'header: { x-a: { prefix: ja } }',
  'header: { x-a: { prefix: "a,b" } }',
  "header: { x-a: { regex: '[a-m].*n' } }",
  // An expression matches the whole value.
  'header: { x-a: { regex: aso } }',
  "header: { x-a: { regex: '(?i)JASON|.*,.*' } }",
  // Bytes: what is two characters long, one of which may be two bytes.
  "header: { x-a: { regex: '..' } }",
  "header: { x-a: { regex: '...' } }",
  'header: { x-a: { present: true } }',
  'header: { x-a: { absent: true } }',
  'header: { x-a: { present: true }, x-b: { absent: true } }',
  'path: /items/42',
  'path: { exact: /items/4.2 }',
  'path: { prefix: /items/4 }',
  "path: { regex: '/items/[0-9]+' }",
  "path: { regex: '/items/4' }",
  "path: { regex: '/items/.*z' }",
  "path: { regex: '/items|/carts' }",
  'method: POST',
  'method: GET, path: { prefix: /items }, header: { x-a: { present: true } }',
]
const PATHS = [
  '/items/42',
  '/items/42?',
  '/items/42?a=/items/4.2z',
  '/items/4',
  '/items/4.2',
  '/items/422',
  '/items/1?z',
  '/carts/42',
  '/items',
  '/ITEMS/42',
]
const faults = (at: 'upstream' | 'ingress') =>
  CONDITIONS.map((when) => `{ cluster: one, at: ${at}, delay: 1ms, when: { ${when} } }`).join(', ')

/** Over the end of the phase one meets a part of the faults. */
const isWhole = ({ edge, stray }: RequestRecord) => !edge && !stray

test.each(['upstream', 'ingress'] as const)('of what the load sends, each request meets the faults that it is for, at %s', async (at) => {
  const values = ['jason', 'Jason', '""', '"a,b"', '"jaso n"', 'ab', 'abc', 'aso']
  const kinds = [
    ...values.flatMap((value) => [
      `{ GET: /items/42, headers: { x-A: ${value} } }`,
      `{ GET: /carts, headers: { x-a: ${value}, x-b: "1" } }`,
    ]),
    ...PATHS.flatMap((path) => [`{ GET: "${path}" }`, `{ POST: "${path}", json: {} }`]),
  ]
  const ran = await runScenario(`
upstreams: { one: {} }
load: { rate: 400/s, requests: [${kinds.join(', ')}] }
phases: [{ name: all, for: 1500ms, faults: [${faults(at)}] }]
`)
  const inForce = ran.records.filter(isWhole)
  expect(ran.observations.unsound).toEqual([])
  // Of 600; a busy machine makes some come to the next phase.
  expect(inForce.length).toBeGreaterThan(150)
  for (const { request, attempts, ingressFaults } of inForce) {
    const sent = ran.plan.requests[request] as (typeof ran.plan.requests)[number]
    const meant = ran.plan.faults.filter(({ when }) => fulfils(hadOf(sent), when)).map(({ id }) => id)
    expect({ sent, met: (at === 'ingress' ? ingressFaults : attempts[0]?.hop?.faults)?.toSorted() }).toEqual({
      sent,
      met: meant.toSorted(),
    })
  }
  // None of them is for all, or for nothing: but for what only an app can send, and a method that none is for.
  const counts = ran.observations.faults.map(({ matched }) => matched)
  expect(counts.every((count) => count < inForce.length)).toBe(true)
})

const servers: ReturnType<typeof createServer>[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** Header lines of one call of an app, each character of them a byte. */
const LINES: readonly (readonly string[])[] = [
  [],
  ['X-A', 'jason'],
  ['x-a', ''],
  ['x-a', 'ab'],
  ['x-a', Buffer.from('aé').toString('latin1')],
  // Of the one byte that an é is in Latin-1 the log makes the é that two bytes are: expressions that count tell them apart.
  ['x-a', 'a\tb'],
  ['x-a', 'a,b'],
  ['x-a', 'aso'],
  ['x-a', 'jason', 'x-b', '1'],
  ['x-b', ''],
]

interface Call {
  path?: string
  method?: string
  /** Names and values of headers by turns. */
  lines: readonly string[]
}

/** An app that makes a call to the cluster `one` for each request, with its id. */
async function callingApp(next: () => Call) {
  let port = 0
  const server = createServer((incoming, outgoing) => {
    const { lines, ...rest } = next()
    const headers = ['host', 'one', 'x-request-id', incoming.headers['x-request-id'] as string, ...lines]
    request({ host: '127.0.0.1', port, ...rest, headers }, (answer) => {
      answer.resume().once('end', () => outgoing.end())
    }).end()
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    meanwhile: ({ bootstrap }: { bootstrap: Bootstrap }) => {
      port = bootstrap.static_resources.listeners.find(({ name }) => name === 'egress_one')?.address.socket_address.port_value ?? 0
    },
  }
}

test('of what an app makes of it, each call meets the faults that it is for by what came to Envoy', async () => {
  let turn = 0
  const app = await callingApp(() => {
    const lines = LINES[turn % LINES.length] as string[]
    const path = PATHS[Math.floor(turn / LINES.length) % PATHS.length] as string
    const method = turn++ % 3 === 0 ? 'POST' : 'GET'
    return { path, method, lines }
  })
  const ran = await runScenario(
    `
upstreams: { one: {} }
load: { rate: 300/s, target: "${app.origin}" }
phases: [{ name: all, for: 1s, faults: [${faults('upstream')}] }]
`,
    { meanwhile: app.meanwhile },
  )
  // Of 100 lines and paths.
  expect(turn).toBeGreaterThan(200)
  expect(ran.observations.unsound).toEqual([])
  for (const { calls } of ran.observations.records.filter(isWhole))
    for (const { suits, attempts } of calls) expect(attempts[0]?.hop?.faults.toSorted()).toEqual(suits?.toSorted())
  for (const { matched } of ran.observations.faults) expect(matched).toBeGreaterThan(0)
})

test('of several lines of one header any may be it, and the log has the first', async () => {
  const app = await callingApp(() => ({ lines: ['x-a', 'first', 'x-a', 'second'] }))
  const ran = await runScenario(
    `
upstreams: { one: {} }
load: { rate: 100/s, target: "${app.origin}" }
phases:
  - name: all
    for: 500ms
    faults:
      - { cluster: one, delay: 1ms, when: { header: { x-a: first } } }
      - { cluster: one, delay: 1ms, when: { header: { x-a: second } } }
      - { cluster: one, delay: 1ms, when: { header: { x-a: "first,second" } } }
`,
    { meanwhile: app.meanwhile },
  )
  const [first, second, both] = ran.observations.faults
  expect(first?.met).toBeGreaterThan(40)
  expect(first?.matched).toBe(first?.met)
  // What met it matched it, whatever the log says.
  expect(second).toMatchObject({ matched: first?.met, met: first?.met })
  expect(both).toMatchObject({ matched: 0, met: 0 })
})

describe('by the number of the try', () => {
  const PHASES = {
    first: '{ cluster: one, abort: 503, when: { attempt: 1 } }',
    // The first two fail, the third does not.
    two: '{ cluster: one, abort: 503, when: { attempt: "<= 2" } }',
    // The first fails by the one, the others by the other.
    retries: '{ cluster: one, abort: 503, when: { attempt: 1 } }, { cluster: one, abort: 500, when: { attempt: ">= 2" } }',
    hung: '{ cluster: one, hang: true, when: { attempt: 1 } }',
    marked: '{ cluster: one, abort: 503, when: { attempt: 1, header: { x-a: { prefix: ja } } } }',
  }
  let ran: Ran
  beforeAll(async () => {
    ran = await runScenario(`
upstreams: { one: { replicas: 2 } }
envoy:
  clusters: { one: { circuit_breakers: { max_retries: 1000 } } }
  routes: [{ match: { prefix: / }, cluster: one, retry_policy: { retry_on: [5xx], num_retries: 2, per_try_timeout: 250ms, retry_back_off: { base_interval: 1ms } } }]
load: { rate: 100/s, requests: [{ GET: /a, headers: { x-a: jason } }, { GET: /b }] }
phases: [${Object.entries(PHASES)
      .map(([name, faults]) => `{ name: ${name}, for: 700ms, faults: [${faults}] }`)
      .join(', ')}]
`)
  })
  const of = (name: string) => {
    const phase = Object.keys(PHASES).indexOf(name)
    return { records: ran.records.filter((record) => record.phase === phase && isWhole(record)), ...predictedIn(ran, phase) }
  }
  const courses = (records: readonly StraightRecord[]) =>
    new Set(records.map(({ attempts }) => attempts.map(({ status }) => status).join(' ')))

  // phase, its ways, attempts per request, successes: of the last phase half the requests are tried twice.
  test.each([
    ['first', ['503 200'], 2, 1],
    ['two', ['503 503 200'], 3, 1],
    ['retries', ['503 500 500'], 3, 0],
    ['hung', ['0 200'], 2, 1],
    ['marked', ['503 200', '200'], 1.5, 1],
  ])('%s: %s, as predicted', (name, ways, attempts, success) => {
    const { records, kinds } = of(name)
    expect(records.length).toBeGreaterThan(40)
    expect(courses(records)).toEqual(new Set(ways))
    const mean = (figure: 'attempts' | 'success') => kinds.reduce((sum, kind) => sum + (kind[figure]?.low ?? Number.NaN) * kind.share, 0)
    expect([mean('attempts'), mean('success')]).toEqual([attempts, success])
  })

  test('each fault is met by every try that it is for, and by no other', () => {
    expect(ran.observations.unsound).toEqual([])
    for (const { matched, met } of ran.observations.faults) expect(met).toBe(matched)
    for (const { attempts } of ran.records.filter(isWhole))
      for (const { n, hop } of attempts)
        for (const id of hop?.faults ?? []) {
          const fault = ran.plan.faults.find((each) => each.id === id)
          expect({ id, n, is: isOneOf(fault?.attempts ?? null, n) }).toEqual({ id, n, is: true })
        }
  })
})

const predictedIn = ({ scenario, plan }: Ran, phase: number) => predict(scenario, plan).phases[phase] as PhasePrediction
