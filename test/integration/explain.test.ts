import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type LimitName, timeLimitsOf } from '../../src/predict/limits.ts'
import { prepare } from '../../src/prepare.ts'
import { explainedConfig } from '../../src/report/explain.ts'
import { type Ran, runScenario, scenarioOf, to } from '../helpers/scenario.ts'

/** Where a delay is made. */
const PLACES = ['upstream', 'ingress'] as const

/** Longer than a stall of the machine, which a limit would not tell from a delay. */
const LIMIT_MS = 500
const DELAY_MS = 1200

const ROUTES: [LimitName, string][] = [
  ['per_try_timeout', `retry_policy: { retry_on: [5xx], num_retries: 0, per_try_timeout: ${LIMIT_MS}ms }`],
  ['per_try_idle_timeout', `retry_policy: { retry_on: [5xx], num_retries: 0, per_try_idle_timeout: ${LIMIT_MS}ms }`],
  ['timeout', `timeout: ${LIMIT_MS}ms`],
  ['idle_timeout', `idle_timeout: ${LIMIT_MS}ms`],
  ['max_stream_duration', `max_stream_duration: { max_stream_duration: ${LIMIT_MS}ms }`],
]

/** Each limit alone on a route, once with the delay behind the router and once before it. */
const scenarioWith = (routes: readonly (readonly [string, string])[], more = '') => `
upstreams: { ${routes.flatMap(([name]) => PLACES.map((place) => `${name}-${place}: {}`)).join(', ')} }
envoy:
  clusters: { ${routes.flatMap(([name]) => PLACES.map((place) => `${name}-${place}: { connect_timeout: ${LIMIT_MS}ms }`)).join(', ')} }
  ${more}
  routes:
${routes.flatMap(([name, route]) => PLACES.map((place) => `    - { match: { path: /${name}/${place} }, cluster: ${name}-${place}${route === '' ? '' : `, ${route}`} }`)).join('\n')}
load:
  rate: 100/s
  deadline: 5s
  requests: [${routes.flatMap(([name]) => PLACES.map((place) => `{ GET: /${name}/${place} }`)).join(', ')}]
phases:
  - name: all
    for: 1500ms
    faults: [${routes.flatMap(([name]) => PLACES.map((place) => `{ cluster: ${name}-${place}, at: ${place}, delay: ${DELAY_MS}ms }`)).join(', ')}]
`

describe('which limit sees a delay', () => {
  let own: Ran
  let listener: Ran
  beforeAll(async () => {
    own = await runScenario(scenarioWith([...ROUTES, ['connect_timeout', '']]))
    listener = await runScenario(scenarioWith([['request_timeout', '']], `http_connection_manager: { request_timeout: ${LIMIT_MS}ms }`))
  })

  const [anyRoute] =
    scenarioOf(
      'upstreams: { up: {} }\nenvoy: { routes: [{ match: { prefix: / }, cluster: up }] }\nload: { rate: 1/s }\nphases: [{ name: all, for: 1s }]',
    ).envoy.routes ?? []
  const told = (name: LimitName) =>
    timeLimitsOf(scenarioOf('upstreams: { up: {} }\nload: { rate: 1/s }\nphases: [{ name: all, for: 1s }]'), anyRoute as never).find(
      (limit) => limit.name === name,
    )

  test.each(
    [...ROUTES.map(([name]) => name), 'connect_timeout' as const, 'request_timeout' as const].flatMap((name) =>
      PLACES.map((place) => [name, place] as const),
    ),
  )('%s, a delay at: %s: as it is told', (name, place) => {
    const ran = name === 'request_timeout' ? listener : own
    const records = to(ran, `/${name}/${place}`)
    expect(records.length).toBeGreaterThan(3)
    const sees = told(name)?.sees[place]
    for (const { status } of records) expect(status).toBe(sees ? 504 : 200)
  })
})

describe('chaos explain --config', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chaos-explain-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const shipped = resolve(import.meta.dirname, '../../scenarios')

  test.each(readdirSync(shipped).filter((name) => name.endsWith('.yaml')))('%s: Envoy takes it', (name) => {
    const file = join(folder, name)
    writeFileSync(file, explainedConfig(prepare(join(shipped, name), {})))
    const { status, stderr } = spawnSync(inject('envoy'), ['--mode', 'validate', '-c', file], { encoding: 'utf8' })
    expect([status, status === 0 ? '' : stderr]).toEqual([0, ''])
  })
})
