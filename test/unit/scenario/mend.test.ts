import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Document, isMap, isSeq, parseDocument } from 'yaml'
import { ChaosError } from '../../../src/errors.ts'
import { prepare } from '../../../src/prepare.ts'
import { EXAMPLE, SMALL } from './example.ts'

let file: string
beforeAll(() => {
  const root = mkdtempSync(join(tmpdir(), 'chaos-mend-'))
  mkdirSync(join(root, '.git'))
  file = join(root, 's.yaml')
})
afterAll(() => rmSync(join(file, '..'), { recursive: true }))

function problems(text: string): string[] {
  writeFileSync(file, text)
  try {
    prepare(file, {})
    return []
  } catch (error) {
    if (error instanceof ChaosError) return error.problems.map(({ line, col, message }) => `${line}:${col}: ${message}`)
    throw error
  }
}

const CLAIM = '- { phase: calm, success_rate: ">= 99%" }'
const replaced = (...changes: [string, string][]) =>
  changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`${from} is not in the text`)
    return text.replace(from, to)
  }, SMALL)

test('a value of the wrong kind in a claim hides nothing: not the checks of the policy, of faults, of other claims, nor sample sizes', () =>
  expect(
    problems(
      replaced(
        ['max_requests: 64', 'max_requests: 0'],
        ['{ cluster: cart, abort: 503 }', '{ cluster: cart, abort: 503, replica: 3 }'],
        [
          CLAIM,
          '- { phase: calm, p99: "=< 8ms", success_rate: ">= 99.99%" }\n  - { phase: calm, recovers_within: 1s }\n  - { phse: calm, success_rate: ">= 99.9999%" }',
        ],
      ),
    ),
  ).toEqual([
    '4:57: envoy.clusters.cart.circuit_breakers.max_requests: expected at least 1: with 0 nothing passes, since no request may be in flight',
    '15:78: phases[1].faults[0].replica: there is no replica 3: cart has 2 replicas',
    expect.stringMatching(/^18:25: expect\[0\]\.p99: expected a condition/),
    expect.stringMatching(/^18:49: success_rate ">= 99\.99%" needs/),
    expect.stringMatching(/^19:37: expect\[1\]\.recovers_within: needs a phase with faults/),
    // Of which requests the third claim is cannot be told: nothing is said of its size.
    '20:7: expect[2]: unknown key "phse"',
  ]))

test('nor does one in the load, a phase or an upstream hide what does not rest on it', () =>
  expect(
    problems(
      replaced(
        ['cart: { replicas: 2 }', 'cart: { replicas: 2, latency: 8 }'],
        ['rate: 100/s', 'rate: 100'],
        ['calm, for: 10s', 'calm, for: 10'],
        ['prefix: /stock }', 'prefix: /sock }'],
        ['prefix: / }', 'prefix: /cart }'],
        [CLAIM, '- { phase: after, ejections: ">= 1", retries: ">= 1" }'],
      ),
    ),
  ).toEqual([
    expect.stringContaining('2:44: upstreams.cart.latency: expected a duration'),
    expect.stringContaining('9:9: load.rate: expected a rate'),
    '12:27: load.requests[1].GET: no route matches GET /stock: Envoy would answer 404',
    expect.stringContaining('14:24: phases[0].for: expected a duration'),
    expect.stringContaining('18:32: expect[0].ejections: can never hold: no cluster has outlier_detection'),
  ]))

const WITH_APP = `name: with an app
upstreams: { stock: { replicas: 3, workers: 2, hosts: [stock.example.com], respond: { status: 200, body: ok, headers: { x-a: b } } } }
app: { command: [node, --version], env: { A: b }, id_header: x-id, client: { timeout: 20s, retries: 0 }, ready: { http: /healthz, within: 5s } }
envoy:
  clusters: { stock: { outlier_detection: { max_ejection_percent: 34 }, circuit_breakers: { max_requests: 8 } } }
load: { rate: 100/s, deadline: 2s, requests: [{ name: one, GET: /a, weight: 2 }, { POST: /b, json: { a: 1 } }] }
phases:
  - { name: calm, for: 10s }
  - { name: storm, for: 10s, rate: 50/s, faults: [{ cluster: stock, replica: 2, delay: 100ms, percent: 20 }] }
  - { name: after, for: 10s }
expect:
  - { phase: storm, request: one, given: { fault: delay }, latency: "<= 5s", body: { contains: ok }, headers: { x-a: b } }
  - { phase: storm, ejections: ">= 1", spare_rejections: 0, timeouts: { route: 0 } }
  - { phase: after, recovers_within: 1s }
`

/** The text with each value, and then each key, replaced by nonsense: one mistake each. */
function* broken(text: string): Generator<{ what: string; text: string; at: string }> {
  const places: (string | number)[][] = []
  const walk = (node: unknown, path: (string | number)[]) => {
    if (isMap(node)) for (const { key, value } of node.items) walk(value, [...path, String(key)])
    else if (isSeq(node)) for (const [index, item] of node.items.entries()) walk(item, [...path, index])
    if (path.length > 0) places.push(path)
  }
  walk(parseDocument(text).contents, [])
  const written = (document: Document) => document.toString({ lineWidth: 0 })
  for (const path of places) {
    const document = parseDocument(text)
    document.setIn(path, document.createNode([{ nonsense: [1] }], { flow: true }))
    yield { what: `the value of ${path.join('.')}`, text: written(document), at: path.join('.') }
    if (typeof path.at(-1) === 'number') continue
    const respelt = parseDocument(text)
    const parent = respelt.getIn(path.slice(0, -1), true)
    const pair = isMap(parent) ? parent.items.find(({ key }) => String(key) === path.at(-1)) : undefined
    if (pair !== undefined) pair.key = respelt.createNode('qwxzqwxz')
    yield { what: `the key of ${path.join('.')}`, text: written(respelt), at: path.slice(0, -1).join('.') }
  }
}

/** What may be anything, and names that others refer to: those that do are told of, rightly. */
const ANYTHING = /(^|\.)(json|body|headers|env|header|name|upstreams|A|x-a|x-user|clusters)(\.|$)|^upstreams\.[^.]+$|\.env\b/

test.each([
  ['the example', EXAMPLE],
  ['a small one', SMALL],
  ['one with an app', WITH_APP],
])('one mistake in %s is told once, wherever it is: nothing follows from it', (_what, text) => {
  expect(problems(text)).toEqual([])
  const echoes: string[] = []
  for (const each of broken(text)) {
    const place = each.what.replace(/^the (value|key) of /, '')
    if (ANYTHING.test(place)) continue
    const found = problems(each.text)
    const inside = each.at
      .split('.')
      .reduce((spelt, part) => (/^\d+$/.test(part) ? `${spelt}[${part}]` : spelt === '' ? part : `${spelt}.${part}`), '')
    const others = found.filter((problem) => !problem.replace(/^\d+:\d+: /, '').startsWith(inside))
    if (found.length === 0 || others.length > 0) echoes.push(`${each.what}: ${JSON.stringify(found)}`)
  }
  expect(echoes).toEqual([])
})
