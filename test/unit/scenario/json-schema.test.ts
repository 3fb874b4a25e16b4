import { globSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { type JsonSchema, renderJsonSchema, scenarioJsonSchema } from '../../../src/scenario/json-schema.ts'
import { METHODS } from '../../../src/scenario/methods.ts'
import { readScenario } from '../../../src/scenario/read.ts'
import { EXAMPLE, SMALL } from './example.ts'
import { refused } from './validate-json.ts'

const schema = scenarioJsonSchema()
const check = (text: string) => refused(schema, parseYaml(text))

test('schema/scenario.schema.json is what the code says (to renew it: ./chaos schema > schema/scenario.schema.json)', () => {
  expect(readFileSync('schema/scenario.schema.json', 'utf8')).toBe(renderJsonSchema())
})

describe('an editor that goes by the schema', () => {
  test.each([
    ['the example of the design', EXAMPLE],
    ['a small scenario', SMALL],
  ])('accepts %s', (_what, text) => expect(check(text)).toEqual([]))

  test.each(globSync(['scenarios/**/*.yaml', 'test/fixtures/*.yaml']))('accepts %s, as chaos does', (file) => {
    readScenario(file)
    expect(check(readFileSync(file, 'utf8'))).toEqual([])
  })

  test.each([
    ['rate: 100/s', 'rate: 100', '/load/rate type'],
    ['rate: 100/s', 'rat: 100/s', '/load unknown rat'],
    ['for: 10s', 'for: 10 s', '/phases/0/for pattern'],
    ['abort: 503', 'abort: 42', '/phases/1/faults/0/abort anyOf'],
    ['abort: 503', 'abort: 503, percentage: 5', '/phases/1/faults/0 unknown percentage'],
    ['GET: /cart', 'get: /cart', '/load/requests/0 unknown get'],
    ['GET: /cart', 'GET: cart', '/load/requests/0/GET pattern'],
    ['[5xx]', '[5XX]', '/envoy/routes/1/retry_policy/retry_on/0 enum'],
    ['max_requests: 64', 'max_request: 64', '/envoy/clusters/cart/circuit_breakers unknown max_request'],
    ['success_rate', 'succes_rate', '/expect/0 unknown succes_rate'],
    ['max_requests: 64', 'max_requests: 0', '/envoy/clusters/cart/circuit_breakers/max_requests range'],
    ['max_requests: 64', 'max_pending_requests: 0', '/envoy/clusters/cart/circuit_breakers/max_pending_requests range'],
    ['">= 99%"', '">= 99"', '/expect/0/success_rate anyOf'],
    ['">= 99%"', '99', '/expect/0/success_rate anyOf'],
    ['success_rate: ">= 99%"', 'p99: "150ms"', '/expect/0/p99 pattern'],
    ['success_rate: ">= 99%"', 'p99: 150', '/expect/0/p99 type'],
    ['success_rate: ">= 99%"', 'retries: -1', '/expect/0/retries anyOf'],
    ['success_rate: ">= 99%"', 'retries: "=> 1"', '/expect/0/retries anyOf'],
    ['success_rate: ">= 99%"', 'timeouts: { route: many }', '/expect/0/timeouts anyOf'],
    ['success_rate: ">= 99%"', 'status: { 503: 10 }', '/expect/0/status anyOf'],
    ['success_rate: ">= 99%"', 'attempts_per_request: 1.2', '/expect/0/attempts_per_request type'],
    ['success_rate: ">= 99%"', 'recovers_within: ">= 1s"', '/expect/0/recovers_within pattern'],
    ['replicas: 2', 'replicas: two', '/upstreams/cart/replicas type'],
    ['stock: {}', '"my stock": {}', '/upstreams/my stock pattern'],
  ])('refuses %s written as %s', (from, to, where) => expect(check(SMALL.replace(from, to))).toContain(where))
})

test.each([
  'error_rate: 0',
  'error_rate: "0%"',
  'retries: 0',
  'retries: "3"',
  'recovers_within: "<= 1s"',
  'recovers_within: 1s',
  'status: { 503: 0 }',
])('it accepts the claim %s', (claim) => expect(check(SMALL.replace('success_rate: ">= 99%"', claim))).toEqual([]))

describe('the schema helps while typing', () => {
  const maps = (at: JsonSchema, path = ''): [string, JsonSchema][] => [
    ...(at.properties === undefined ? [] : [[path || 'top level', at] as [string, JsonSchema]]),
    ...Object.entries(at.properties ?? {}).flatMap(([key, inner]) => maps(inner, `${path}.${key}`)),
    ...(typeof at.additionalProperties === 'object' ? maps(at.additionalProperties, `${path}.*`) : []),
    ...(at.items === undefined ? [] : maps(at.items, `${path}[]`)),
    ...(at.anyOf ?? []).flatMap((form) => maps(form, path)),
  ]

  test.each(maps(schema))('%s is closed', (_path, map) => expect(map.additionalProperties).toBe(false))

  test.each(maps(schema).filter(([path]) => !path.includes('latency')))('%s describes each of its keys', (_path, map) => {
    for (const [key, inner] of Object.entries(map.properties ?? {}))
      expect(`${key}: ${inner.description ?? 'NOTHING'}`).not.toContain('NOTHING')
  })

  test('each method is a key', () =>
    expect(Object.keys(schema.properties?.load?.properties?.requests?.items?.properties ?? {})).toEqual(
      expect.arrayContaining([...METHODS]),
    ))

  test('it is draft-07, without references that an editor would have to follow', () => {
    expect(schema.$schema).toBe('http://json-schema.org/draft-07/schema#')
    expect(renderJsonSchema()).not.toContain('$ref')
  })
})
