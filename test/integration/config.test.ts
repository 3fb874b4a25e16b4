import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterAll, describe, expect, inject, test } from 'vitest'
import { isAlias, isNode, parse, parseDocument, stringify, visit } from 'yaml'
import { type Addresses, replicaKey } from '../../src/envoy/addresses.ts'
import { buildBootstrap } from '../../src/envoy/bootstrap.ts'
import { renderBootstrap } from '../../src/envoy/render.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { METHODS } from '../../src/scenario/methods.ts'
import { RETRY_ON } from '../../src/scenario/retry-schema.ts'
import { scenarioOf } from '../helpers/scenario.ts'

const folder = mkdtempSync(join(tmpdir(), 'chaos-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

function addressesFor(plan: Plan): Addresses {
  let port = 20_000
  const next = () => ({ host: '127.0.0.1', port: port++ })
  const keys = plan.stubs.servers.map((server) => replicaKey(server.cluster, server.replica))
  const clusters = [...new Set(plan.stubs.servers.map((server) => server.cluster))]
  return {
    admin: next(),
    shared: next(),
    sharedNames: ['127.0.0.1'],
    egress: Object.fromEntries(clusters.map((cluster) => [cluster, next()])),
    hops: Object.fromEntries(keys.map((key) => [key, next()])),
    stubs: Object.fromEntries(keys.map((key) => [key, next()])),
    doors: {},
    logs: {
      egress: join(folder, 'egress'),
      attempts: join(folder, 'attempts'),
      hop: join(folder, 'hop'),
      outlier: join(folder, 'outlier'),
    },
  }
}

function configure(text: string) {
  const scenario = scenarioOf(text)
  const plan = compilePlan(scenario)
  const bootstrap = buildBootstrap(scenario, plan, addressesFor(plan))
  return { plan, bootstrap, yaml: renderBootstrap(bootstrap, scenario, plan) }
}

/** What Envoy says of a configuration; undefined when it takes it. */
async function refusalOf(yaml: string): Promise<string | undefined> {
  const file = join(folder, 'envoy.yaml')
  writeFileSync(file, yaml)
  return promisify(execFile)(inject('envoy'), ['--mode', 'validate', '-c', file, '-l', 'error', '--disable-hot-restart']).then(
    () => undefined,
    (error: { stdout: string; stderr: string }) => `${error.stdout}${error.stderr}`.slice(0, 700),
  )
}

function expectFaithful({ yaml, bootstrap }: ReturnType<typeof configure>) {
  // Envoy's parser speaks YAML 1.1; people and editors 1.2.
  for (const version of ['1.1', '1.2'] as const) expect(parse(yaml, { version })).toEqual(bootstrap)
  const found: unknown[] = []
  visit(parseDocument(yaml), (_, node) => void ((isAlias(node) || (isNode(node) && 'anchor' in node && node.anchor)) && found.push(node)))
  expect(found).toEqual([])
}

/** Everything that a scenario can say to Envoy, with texts that YAML could read as something else. */
const TRICKY = [
  'y',
  'no',
  'on',
  'null',
  '~',
  '1',
  '0x1F',
  '1_000',
  '1e3',
  '.5',
  '1:30',
  '2001-01-01',
  '=',
  '<<',
  '*a',
  '&a',
  '!x',
  '%x',
  '@x',
  '`',
  'a: b',
  'a #b',
  '- a',
  '{a}',
  '[a]',
  "it's",
  '"q"',
  'back\\slash',
  'true',
  'Ja',
  '|',
  '>',
  '?',
  'x'.repeat(150),
]

const name = fc.constantFrom('y', 'no', 'on', 'a', 'a-b', 'a_b', 'A-B_c', 'null-1', 'x1', 'cluster', 'shared', 'stub_a_1', 'hop-a')
const millis = fc.integer({ min: 1, max: 5000 }).map((ms) => `${ms}ms`)
const micros = fc.integer({ min: 1000, max: 3_000_000 }).map((us) => `${us}us`)
const duration = fc.oneof(millis, micros)
const count = fc.integer({ min: 1, max: 4_294_967_295 })
const percentage = fc.integer({ min: 0, max: 100 })
const headerValue = fc.constantFrom(...TRICKY)
const headers = fc.dictionary(fc.constantFrom('x-a', 'X-User', 'x_b', 'accept'), headerValue, { maxKeys: 2 })
const some = <T extends object>(parts: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(parts, { requiredKeys: [] })
const percent = fc.oneof(
  fc.integer({ min: 1, max: 100 }),
  fc.integer({ min: 1, max: 1_000_000 }).map((n) => n / 10_000),
)

const breakers = some({
  max_connections: count,
  max_pending_requests: count,
  max_requests: count,
  max_retries: count,
  max_connection_pools: count,
  retry_budget: some({ budget_percent: fc.record({ value: fc.constantFrom(0, 12.5, 100) }), min_retry_concurrency: count }),
})
const outlier = some({
  consecutive_5xx: count,
  consecutive_gateway_failure: count,
  consecutive_local_origin_failure: count,
  split_external_local_origin_errors: fc.boolean(),
  interval: duration,
  base_ejection_time: millis,
  max_ejection_time: fc.constant('400s'),
  max_ejection_percent: percentage,
  always_eject_one_host: fc.boolean(),
  enforcing_consecutive_5xx: percentage,
  enforcing_consecutive_gateway_failure: percentage,
  enforcing_consecutive_local_origin_failure: percentage,
  enforcing_success_rate: percentage,
  success_rate_minimum_hosts: count,
  success_rate_request_volume: count,
  success_rate_stdev_factor: count,
  failure_percentage_threshold: percentage,
  enforcing_failure_percentage: percentage,
  failure_percentage_minimum_hosts: count,
  failure_percentage_request_volume: count,
})
const retry = fc.record(
  {
    retry_on: fc.uniqueArray(fc.constantFrom(...RETRY_ON), { minLength: 1 }),
    num_retries: fc.integer({ min: 0, max: 100 }),
    per_try_timeout: fc.oneof(duration, fc.constant('0s')),
    per_try_idle_timeout: fc.oneof(duration, fc.constant('0s')),
    retriable_status_codes: fc.uniqueArray(fc.integer({ min: 200, max: 599 }), { minLength: 1, maxLength: 3 }),
    retriable_headers: fc.dictionary(fc.constantFrom('x-a', 'x_b'), headerValue, { minKeys: 1 }),
    rate_limited_retry_back_off: fc.record(
      {
        reset_headers: fc.array(
          fc.record({ name: fc.constantFrom('retry-after', 'x-reset'), format: fc.constantFrom('SECONDS', 'UNIX_TIMESTAMP') }),
          { minLength: 1, maxLength: 2 },
        ),
        max_interval: millis,
      },
      { requiredKeys: ['reset_headers'] },
    ),
    retry_host_predicate: fc.constant(['previous_hosts']),
    host_selection_retry_max_attempts: count,
    retry_back_off: fc.oneof(
      fc.record({ base_interval: duration }),
      fc.record({ base_interval: duration, max_interval: fc.constant('10s') }),
    ),
  },
  { requiredKeys: ['retry_on'] },
)
const fault = (cluster: string, replicas: number) =>
  fc.oneof(
    fc.record({ delay: millis, percent }).map((made) => ({ cluster, ...made })),
    fc
      .record({ abort: fc.integer({ min: 200, max: 599 }), percent, replica: fc.integer({ min: 1, max: replicas }) })
      .map((made) => ({ cluster, ...made })),
    fc
      .record({
        abort: fc.integer({ min: 200, max: 599 }),
        percent,
        at: fc.constant('ingress'),
        when: fc.record({ header: fc.constant({ 'x-mark': 'y' }) }),
      })
      .map((made) => ({ cluster, ...made })),
  )

const anyScenario = fc.uniqueArray(name, { minLength: 1, maxLength: 4 }).chain((names) =>
  fc.tuple(...names.map((cluster) => fc.integer({ min: 1, max: 4 }).map((replicas) => ({ cluster, replicas })))).chain((clusters) =>
    fc.record({
      upstreams: fc.constant(Object.fromEntries(clusters.map(({ cluster, replicas }) => [cluster, { replicas }]))),
      envoy: fc.record({
        clusters: fc
          .tuple(
            ...names.map(() =>
              some({
                connect_timeout: duration,
                circuit_breakers: breakers,
                outlier_detection: outlier,
                lb_policy: fc.constantFrom('ROUND_ROBIN', 'LEAST_REQUEST', 'RANDOM'),
                load_balancing_weight: fc.record({ 1: fc.integer({ min: 1, max: 1_000_000 }) }),
                common_lb_config: some({ healthy_panic_threshold: fc.record({ value: percentage }) }),
              }),
            ),
          )
          .map((policies) => Object.fromEntries(names.map((cluster, i) => [cluster, policies[i]]))),
        routes: fc
          .tuple(
            ...names.map((cluster, i) =>
              fc
                .record(
                  {
                    headers,
                    timeout: fc.oneof(duration, fc.constant('0s')),
                    idle_timeout: fc.oneof(duration, fc.constant('0s')),
                    max_stream_duration: fc.record({ max_stream_duration: fc.oneof(duration, fc.constant('0s')) }),
                    hedge_policy: fc.record({ hedge_on_per_try_timeout: fc.boolean() }),
                    retry_policy: retry,
                  },
                  { requiredKeys: ['headers'] },
                )
                .map(({ headers: wanted, ...policy }) => [
                  { match: { path: `/special/${i}`, ...(Object.keys(wanted).length > 0 ? { headers: wanted } : {}) }, cluster, ...policy },
                  { match: { prefix: `/${i}` }, cluster, ...policy },
                ]),
            ),
          )
          .map((routes) => routes.flat()),
        http_connection_manager: some({ request_timeout: fc.oneof(duration, fc.constant('0s')) }),
      }),
      load: fc.constantFrom(...METHODS).map((method) => ({
        rate: '100/s',
        requests: names.map((_, i) => ({ [method]: `/${i}`, headers: { 'x-mark': 'y' } })),
      })),
      phases: fc
        .array(
          fc.record({
            name: fc.constantFrom(...TRICKY, 'brownout', 'Brown out!', 'BROWN-OUT', 'schön', '日本', '---', 'a'.repeat(80)),
            for: fc.constant('100ms'),
            faults: fc
              .tuple(...clusters.map(({ cluster, replicas }) => fc.array(fault(cluster, replicas), { maxLength: 3 })))
              .map((each) => each.flat()),
          }),
          { minLength: 1, maxLength: 4 },
        )
        .map((phases) => phases.filter((phase, i) => phases.findIndex((other) => other.name === phase.name) === i)),
    }),
  ),
)

describe('the configuration that is written', () => {
  test('any scenario gives one that reads back as it was meant', () => {
    fc.assert(
      fc.property(anyScenario, (scenario) => expectFaithful(configure(stringify(scenario, { aliasDuplicateObjects: false })))),
      { numRuns: 40 },
    )
  })

  // 50 ms each.
  test('any scenario gives one that Envoy takes', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(anyScenario, async (scenario) => {
        expect(await refusalOf(configure(stringify(scenario, { aliasDuplicateObjects: false })).yaml)).toBeUndefined()
      }),
      { numRuns: 20 },
    )
  })

  const matching = (values: readonly string[]) =>
    configure(
      stringify({
        upstreams: { one: {} },
        load: { rate: '100/s', requests: values.map((value) => ({ GET: '/', headers: { 'x-a': value } })) },
        phases: values.map((value) => ({
          name: value,
          for: '1s',
          faults: [{ cluster: 'one', abort: 503, when: { header: { 'x-a': value } } }],
        })),
      }),
    )

  test.each(TRICKY)('a header with the value %j is matched as that text', (value) => expectFaithful(matching([value])))

  test('and Envoy takes all of those', async () => expect(await refusalOf(matching(TRICKY).yaml)).toBeUndefined())

  test('the largest topology is taken: 20 replicas, 50 faults, 3 clusters', async () => {
    const clusters = ['one', 'two', 'three']
    const made = configure(
      stringify({
        upstreams: Object.fromEntries(clusters.map((cluster) => [cluster, { replicas: 20 }])),
        envoy: { routes: clusters.map((cluster) => ({ match: { prefix: `/${cluster}` }, cluster })) },
        load: { rate: '100/s', requests: clusters.map((cluster) => ({ GET: `/${cluster}` })) },
        phases: [
          {
            name: 'all',
            for: '1s',
            faults: Array.from({ length: 50 }, (_, i) => ({ cluster: clusters[i % 3], abort: 500 + i, percent: 1 })),
          },
        ],
      }),
    )
    expect(made.bootstrap.static_resources.listeners.length).toBe(1 + 3 + 60)
    expectFaithful(made)
    expect(await refusalOf(made.yaml)).toBeUndefined()
  })
})

describe('a delay', () => {
  const delayed = (delay: string) =>
    configure(`
upstreams: { one: {} }
load: { rate: 100/s }
phases: [{ name: all, for: 1s, faults: [{ cluster: one, delay: ${delay} }] }]`)

  test.each(['1ms', '33ms', '3s'])('of %s is taken', async (delay) => {
    expect(await refusalOf(delayed(delay).yaml)).toBeUndefined()
  })
})

describe('a timeout', () => {
  const limited = (timeout: string) =>
    configure(`
upstreams: { one: {} }
envoy: { routes: [{ match: { prefix: / }, cluster: one, timeout: ${timeout} }] }
load: { rate: 100/s }
phases: [{ name: all, for: 1s }]`)

  // 1.005 / 1000 is 0.0010049999999999998 in floating point, and Envoy reads nine decimals.
  test.each(['1us', '0.7ms', '33.333ms', '1.005ms'])('of %s is taken', async (timeout) => {
    expect(await refusalOf(limited(timeout).yaml)).toBeUndefined()
  })
})
