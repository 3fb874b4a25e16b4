import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ChaosError } from '../../../src/errors.ts'
import { compilePlan } from '../../../src/plan/compile.ts'
import { clustersIn, replicasIn } from '../../../src/plan/plan.ts'
import { prepare } from '../../../src/prepare.ts'
import { containerPlaces } from '../../../src/scenario/containers.ts'
import { withVariables } from '../../../src/scenario/variables.ts'
import { scenarioOf } from '../../helpers/scenario.ts'

const REST = 'load: { rate: 100/s }\nphases: [{ name: calm, for: 10s }]\n'
const of = (upstreams: string, app?: string) => scenarioOf(`upstreams: ${upstreams}\n${app === undefined ? '' : `app: ${app}\n`}${REST}`)

describe('what a scenario needs containers for', () => {
  test.each([
    ['nothing, with stubs and a program of this machine', '{ cart: {} }', '{ command: [node] }', []],
    ['an image of the app', '{ cart: {} }', '{ image: node:24, port: 80 }', [['app', 'image']]],
    [
      'a folder that the app is built from, with a command of its own',
      '{ cart: {} }',
      '{ build: ., port: 80, command: [node] }',
      [['app', 'build']],
    ],
    [
      'upstreams, beside a stub',
      '{ cart: {}, db: { image: db, port: 80 }, search: { build: ., port: 80 } }',
      '{ command: [node] }',
      [
        ['upstreams', 'db', 'image'],
        ['upstreams', 'search', 'build'],
      ],
    ],
  ])('%s', (_, upstreams, app, places) => expect(containerPlaces(of(upstreams, app))).toEqual(places))
})

describe('the plan', () => {
  test('has a stub for each replica of a stub, and a container for each of a real server', () => {
    const plan = compilePlan(of('{ cart: { replicas: 2 }, db: { image: db, port: 5, replicas: 3 } }', '{ command: [node] }'))
    expect(plan.stubs.servers.map(({ cluster, replica }) => [cluster, replica])).toEqual([
      ['cart', 1],
      ['cart', 2],
    ])
    expect(plan.containers.map(({ cluster, replica, port }) => [cluster, replica, port])).toEqual([
      ['db', 1, 5],
      ['db', 2, 5],
      ['db', 3, 5],
    ])
    expect(replicasIn(plan)).toHaveLength(5)
    expect(clustersIn(plan)).toEqual(['cart', 'db'])
  })

  test('says of a container what it is made of and started with, with the defaults filled in', () => {
    const short = compilePlan(of('{ db: { build: ./db, port: 5 } }')).containers[0]
    expect(short).toEqual({
      cluster: 'db',
      replica: 1,
      source: { context: './db', dockerfile: 'Dockerfile', args: {} },
      command: [],
      env: { PORT: '5' },
      port: 5,
      ready: { by: 'port' },
      readyWithin: 10_000,
    })
    const long = '{ db: { image: db:1, port: 5, command: [serve, 1], env: { PORT: "6", A: "$${B}" }, ready: { http: /up, within: 1m } } }'
    expect(compilePlan(of(long)).containers[0]).toMatchObject({
      source: { image: 'db:1' },
      command: ['serve', '1'],
      env: { PORT: '6', A: `\${B}` },
      ready: { by: 'http', path: '/up' },
      readyWithin: 60_000,
    })
  })

  test('gives an app in a container the command of its image, unless it has one, and its port', () => {
    const app = (text: string) => compilePlan(of('{ cart: {} }', text)).app
    expect(app('{ image: shop, port: 80 }')).toMatchObject({ container: { image: 'shop' }, command: [], port: 80 })
    expect(app('{ build: { context: ., args: { A: 1 } }, port: 80, command: [node, a.mjs] }')).toMatchObject({
      container: { context: '.', dockerfile: 'Dockerfile', args: { A: '1' } },
      command: ['node', 'a.mjs'],
    })
    expect(app('{ command: [node] }')?.container).toBeUndefined()
  })

  test('keeps the calls that an app in a container makes to the port of a cluster from the proxy', () => {
    const direct = (text: string) => compilePlan(of('{ cart: {} }', text)).app?.env.NO_PROXY
    expect(direct('{ image: shop, port: 80, proxy: true }')).toBe(`localhost,127.0.0.1,::1,\${envoy.host}`)
    expect(direct('{ command: [node], proxy: true }')).toBe('localhost,127.0.0.1,::1')
  })
})

describe('a variable in the name of an image', () => {
  test.each([
    ['is what it is set to', `a/\${TAG:-b}`, { TAG: 'c:1' }, 'a/c:1'],
    ['is its default where it is not set', `\${TAG:-node:24-slim}`, {}, 'node:24-slim'],
    ['is its default where it is empty, as in a shell', `\${TAG:-b}`, { TAG: '' }, 'b'],
    ['is no property that every object has', `\${constructor:-b}`, {}, 'b'],
  ])('%s', (_, text, variables, meant) => expect(withVariables(text, variables)).toBe(meant))

  test('is part of a sound name, in an image and in the arguments of a build', () => {
    expect(of(`{ db: { image: "\${DB:-registry.example:5000/team/db:1.2}", port: 5 } }`).upstreams.db?.image).toContain('DB')
    expect(of(`{ db: { build: { context: ., args: { BASE: "\${DB:-db}" } }, port: 5 } }`).upstreams.db?.build).toBeDefined()
  })
})

describe('the name of an image', () => {
  const digest = `sha256:${'0'.repeat(64)}`
  test.each(['a', 'node:24-slim', 'localhost:5000/a', 'registry.example/team/shop_api.v2--x:1.2_3', `a@${digest}`, `a:1@${digest}`])(
    '%s is one',
    (image) => expect(of(`{ db: { image: "${image}", port: 5 } }`).upstreams.db?.image).toBe(image),
  )
  test.each(['', 'A', 'a b', 'a:', 'a//b', '-a', 'a/', 'a;rm', '../a', `a@sha256:0`, `${'a'.repeat(40_000)}!`])('%s is none', (image) =>
    expect(() => of(`{ db: { image: "${image}", port: 5 } }`)).toThrow('expected the name of an image'),
  )
})

test('of a real server nothing is predicted, and that is said', () => {
  const folder = folderWith(`upstreams: { db: { image: db, port: 5 } }\n${REST}`)
  expect(prepare(join(folder, 'scenario.yaml'), {}).prediction).toEqual({
    phases: [],
    none: 'nothing is predicted: how soon db will answer, and what, is not known of a container',
  })
})

describe('without Docker', () => {
  const scenario = `upstreams: { cart: {} }\napp: { build: ., port: 80, command: [./in-the-image] }\n${REST}`

  test('a scenario with containers is sound: what its command names is in the image', () => {
    const folder = folderWith(scenario, { Dockerfile: 'FROM scratch' })
    expect(prepare(join(folder, 'scenario.yaml'), { path: '/nowhere' })).toMatchObject({ lacking: undefined, warnings: [] })
  })

  test('it is refused by the runtime process, at its place, with what to do', () => {
    const folder = folderWith(scenario, { Dockerfile: 'FROM scratch' })
    const [problem, ...others] = problemsOf(() => prepare(join(folder, 'scenario.yaml'), { runtime: 'process' }))
    expect(others).toEqual([])
    expect(problem).toMatchObject({
      line: 2,
      col: 8,
      message: 'app: build needs a container, and the runtime process starts none',
      hint: 'run it with --runtime docker, or leave --runtime out',
    })
  })
})

test('the project folder itself may be built from', () => {
  const folder = folderWith(`upstreams: { db: { build: .., port: 5 } }\n${REST}`, {
    '../Dockerfile': 'FROM scratch',
    '../package.json': '{}',
  })
  expect(prepare(join(folder, 'scenario.yaml'), {}).plan.containers).toHaveLength(1)
})

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

/** A folder with a scenario and other files, in a folder of its own. */
function folderWith(scenario: string, files: Record<string, string> = {}): string {
  const outer = mkdtempSync(join(tmpdir(), 'chaos-test-'))
  folders.push(outer)
  const folder = join(outer, 'scenarios')
  mkdirSync(folder)
  const whole = `${scenario}name: a test\nexpect: [{ phase: calm, p50: "<= 1m" }]\n`
  for (const [name, text] of Object.entries({ 'scenario.yaml': whole, ...files })) writeFileSync(join(folder, name), text)
  return folder
}

function problemsOf(action: () => unknown) {
  try {
    action()
  } catch (error) {
    if (error instanceof ChaosError) return error.problems
    throw error
  }
  throw new Error('nothing was refused')
}
