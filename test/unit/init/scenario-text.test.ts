import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { AnsweredApp, AnsweredUpstream, Answers } from '../../../src/init/answers.ts'
import { scenarioText } from '../../../src/init/scenario-text.ts'
import { compilePlan } from '../../../src/plan/compile.ts'
import { predict } from '../../../src/predict/predict.ts'
import { tierFindings } from '../../../src/predict/tiers.ts'
import { parseScenario } from '../../../src/scenario/parse.ts'
import { warningFindings } from '../../../src/scenario/warn.ts'
import { shareInterval } from '../../../src/statistics/share.ts'
import { contradicted } from '../../../src/verdict/contradicted.ts'
import { undecidable } from '../../../src/verdict/decidable.ts'

const PLACE = { schema: 'node_modules/chaos-envoy/schema/scenario.schema.json', file: 'chaos.yaml' }

const app = (more: Partial<AnsweredApp> = {}): AnsweredApp => ({
  runs: { command: ['node', '/shop.mjs'] },
  port: undefined,
  path: '/items/42',
  ...more,
})
const told = (name: string, ...variables: string[]): AnsweredUpstream => ({ name, by: { variables } })
const routed = (name: string, prefix: string): AnsweredUpstream => ({ name, by: { prefix } })

const VARIANTS: [what: string, answers: Answers][] = [
  ['one cluster alone', { app: undefined, upstreams: [routed('inventory', '/')] }],
  [
    'three clusters by their paths',
    { app: undefined, upstreams: [routed('inventory', '/items'), routed('users', '/'), routed('a', '/items/a')] },
  ],
  ['ten clusters', { app: undefined, upstreams: Array.from({ length: 10 }, (_, i) => routed(`u${i}`, `/u${i}/`)) }],
  ['an app that reads PORT', { app: app(), upstreams: [told('inventory', 'INVENTORY_URL')] }],
  [
    'an app with a port, and three upstreams',
    { app: app({ port: 8080 }), upstreams: [told('a', 'A'), told('b', 'B_HOST', 'B_PORT'), told('c', 'C')] },
  ],
  ['an app with addresses built in', { app: app(), upstreams: [{ name: 'a', by: { host: 'a.internal:81' } }, told('b', 'B')] }],
  ['an image', { app: app({ runs: { image: 'shop:1.4' }, port: 80 }), upstreams: [told('inventory', 'INVENTORY_URL')] }],
]

describe.each(VARIANTS)('%s', (_, answers) => {
  const text = scenarioText(answers, PLACE)
  const scenario = parseScenario(text, 'chaos.yaml', () => '')

  test('is a sound scenario, without warnings, whose load can decide its claims', () => {
    const plan = compilePlan(scenario)
    expect([...warningFindings(scenario), ...tierFindings(scenario)]).toEqual([])
    expect(contradicted(scenario, plan, predict(scenario, plan))).toEqual([])
    expect(undecidable(scenario, plan, () => undefined)).toEqual([])
  })

  test('lasts at most 13 s, as all that ship do', () => {
    const length = scenario.phases.reduce((sum, phase) => sum + phase.for, scenario.load.warmup ?? 0)
    expect(length).toBeLessThanOrEqual(13_000)
  })

  test('names its schema in the first line, and has no line that is longer than an editor shows', () => {
    expect(text.split('\n')[0]).toBe(`# yaml-language-server: $schema=${PLACE.schema}`)
    expect(text.split('\n').filter((line) => line.length > 130)).toEqual([])
    expect(text).not.toMatch(/ \n|\n\n\n|undefined|NaN/)
  })

  test('its claim on the failing phase holds with five failures, of which one is rare, and not without retries', () => {
    const { rate } = scenario.load
    const failing = scenario.phases.find(({ name }) => name === 'failing')
    const share = answers.app === undefined ? answers.upstreams.length : 1
    const requests = (((rate as number) / share) * (failing?.for as number)) / 1000
    const least = Number(/failing, .*success_rate: ">= (\d+)%"|failing.*success_rate: ">= (\d+)%"/.exec(text)?.slice(1).find(Boolean)) / 100
    expect(text).toContain(`${requests} requests can show ${100 * least} %`)
    // 0.1 × 0.1 × 0.1 of them fail: six or more of 0.35 or 0.4 that are expected come about once in 200,000 runs.
    expect(shareInterval(requests - 5, requests).low).toBeGreaterThanOrEqual(least)
    // Without retries a tenth: two standard deviations fewer refute the claim, too.
    const few = Math.floor(0.1 * requests - 2 * Math.sqrt(requests * 0.1 * 0.9))
    expect(shareInterval(requests - few, requests).high).toBeLessThan(least)
  })
})

test('what a variable is told follows from its name', () => {
  const { app: written } = parse(
    scenarioText({ app: app(), upstreams: [told('db', 'DB_URL', 'DB_HOST', 'DB_PORT', 'DB_ADDR', 'DATABASE', 'EXPORT')] }, PLACE),
  )
  expect(written.env).toEqual({
    DB_URL: `\${clusters.db.url}`,
    DB_HOST: `\${clusters.db.host}`,
    DB_PORT: `\${clusters.db.port}`,
    DB_ADDR: `\${clusters.db.host}:\${clusters.db.port}`,
    DATABASE: `\${clusters.db.url}`,
    EXPORT: `\${clusters.db.url}`,
  })
})

test('routes stand in the order in which the narrower one is found, whatever the order of the upstreams', () => {
  const { envoy, phases } = parse(scenarioText({ app: undefined, upstreams: [routed('a', '/'), routed('b', '/b')] }, PLACE))
  expect(envoy.routes.map((route: { cluster: string }) => route.cluster)).toEqual(['b', 'a'])
  expect(phases[1].faults[0].cluster).toBe('a')
})

test('whatever the words of a command, they are written as they are', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 30 }), { minLength: 1, maxLength: 4 }), (command) => {
      const written = parse(scenarioText({ app: app({ runs: { command } }), upstreams: [told('inventory', 'INVENTORY_URL')] }, PLACE))
      expect(written.app.command).toEqual(command)
      expect(Object.keys(written)).toEqual(['name', 'upstreams', 'app', 'envoy', 'load', 'phases', 'expect'])
    }),
    { numRuns: 50 },
  )
})
