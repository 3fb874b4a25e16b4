import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { chaos, judged, loadRuns, newFolder, ROOT, type Running, readResults, STACK_TRACE, start, until } from '../helpers/run.ts'

const SHOP = readFileSync(join(ROOT, 'test/fixtures/apps/shop.mjs'))

interface WithApp {
  command?: string
  /** Further lines below `app:`. */
  app?: readonly string[]
  seconds?: number
}

/** Writes a scenario with the shop as its app, and returns its path. */
function writeShop(
  folder: string,
  { command = '[node, ./shop.mjs, --forward, x-request-id]', app = [], seconds = 1 }: WithApp = {},
): string {
  const file = join(folder, 'shop.yaml')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'shop.mjs'), SHOP)
  writeFileSync(
    file,
    `name: a shop
upstreams: { inventory: {} }
app:
  command: ${command}
${app.map((line) => `  ${line}\n`).join('')}load: { rate: 50/s }
phases: [{ name: only, for: ${seconds}s }]
expect: [{ success_rate: ">= 50%", attempts: 1 }]
`,
  )
  return file
}

const isApp = ({ command }: Running) => /^\S*node \.\/shop\.mjs/.test(command)

test('a scenario with an app passes, from another folder, and its output is kept', async () => {
  const folder = newFolder()
  const out = join(folder, 'out')
  const { code, stdout } = await judged(['run', writeShop(folder), '--out', out])
  expect(stdout).toContain('PASS a shop')
  expect(code).toBe(0)
  expect(readFileSync(join(out, 'logs/app.log'), 'utf8')).toBe('the shop listens\n')
})

test('at the end the app gets SIGTERM, and Envoy still serves what it says then', async () => {
  const folder = newFolder()
  const out = join(folder, 'out')
  const started = start(['run', writeShop(folder, { command: '[node, ./shop.mjs, --on-term, "good night"]' }), '--out', out])
  await started.finished
  expect(readFileSync(join(out, 'logs/app.log'), 'utf8')).toContain('good night 200\n')
  expect(started.alive()).toEqual([])
})

test('an app that ignores SIGTERM is killed with its children', async () => {
  const folder = newFolder()
  const started = start(['run', writeShop(folder, { command: '[node, ./shop.mjs, --stubborn]' }), '--out', join(folder, 'out')])
  await loadRuns(started)
  expect(started.alive().some(({ command }) => command === 'sleep 60')).toBe(true)
  await started.finished
  expect(started.alive()).toEqual([])
})

test.each(['SIGKILL', 'SIGINT'] as const)('%s of the harness takes a stubborn app and its children along', async (signal) => {
  const folder = newFolder()
  const started = start([
    'run',
    writeShop(folder, { command: '[node, ./shop.mjs, --stubborn]', seconds: 30 }),
    '--out',
    join(folder, 'out'),
  ])
  await loadRuns(started)
  started.process.kill(signal)
  await started.finished
  await until('all are gone', () => started.alive().length === 0, 2000).catch(() => {})
  expect(started.alive()).toEqual([])
})

test('an app that dies in the run ends it with 3, its last lines and partial results', async () => {
  const folder = newFolder()
  const out = join(folder, 'out')
  const started = start(['run', writeShop(folder, { seconds: 30 }), '--out', out])
  await loadRuns(started)
  await sleep(500)
  process.kill(started.alive().find(isApp)?.pid as number, 'SIGKILL')
  const { code, stdout, stderr } = await started.finished
  expect(code).toBe(3)
  expect(`${stdout}${stderr}`).not.toMatch(STACK_TRACE)
  expect(readResults(out)).toMatchObject({
    verdict: { status: 'error' },
    ended: { message: 'the app ended during the run, with code 137', detail: ['the shop listens'] },
  })
  expect(readFileSync(join(out, 'requests.ndjson'), 'utf8')).toContain('"r-1"')
  expect(started.alive()).toEqual([])
})

test.each([
  [
    'that starts a program that there is not',
    { command: '[sh, -c, no-such-program-here]' },
    'sh, or a program that it starts, was not found',
  ],
  ['that ends before it is ready', { command: '[sh, -c, "echo no luck; exit 7"]' }, 'ended with code 7 before it was ready\nno luck'],
  [
    'that listens too late',
    { command: '[node, ./shop.mjs, --late, 9000]', app: ['ready: { within: 600ms }'] },
    'was not ready after 600ms: connect ECONNREFUSED',
  ],
  [
    'that is not well',
    { app: ['ready: { http: /items, within: 900ms }', 'env: { INVENTORY_URL: "http://127.0.0.1:1" }'] },
    /was not ready after 900ms: GET \S+\/items answered 502\nthe shop listens/,
  ],
  ['that does not say so', { app: ['ready: { log: "open!", within: 900ms }'] }, 'was not ready after 900ms: its output has no "open!"'],
])('an app %s ends the run with 3, the reason, and nothing left', async (_, shop, reason) => {
  const folder = newFolder()
  const out = join(folder, 'out')
  const started = start(['run', writeShop(folder, shop), '--out', out])
  const { code, stdout, stderr } = await started.finished
  expect(code).toBe(3)
  expect(`${stdout}${stderr}`).not.toMatch(STACK_TRACE)
  expect(started.alive()).toEqual([])
  const { ended } = readResults(out)
  expect([ended.message, ...ended.detail].join('\n')).toMatch(reason)
})

test.each(['app-orders-once', 'app-does-not-wait-forever'])(
  '%s without its library ends with 3 and names it: no app, no verdict',
  async (name) => {
    const folder = newFolder()
    const out = join(folder, 'out')
    mkdirSync(join(folder, 'bin'))
    // A Python that has nothing but its own library.
    writeFileSync(join(folder, 'bin/python3'), `#!/bin/sh\nPATH=\${PATH#*:} exec python3 -I -S "$@"\n`, { mode: 0o755 })
    const env = { PATH: `${join(folder, 'bin')}:${process.env.PATH}` }
    expect((await chaos(['run', join(ROOT, `scenarios/${name}.yaml`), '--out', out], { env })).code).toBe(3)
    expect(readResults(out).ended.detail.join('\n')).toMatch(/ModuleNotFoundError: No module named '(requests|httpx)'/)
  },
)

test('an app is started by the Node of chaos where it asks for that, whatever is on PATH', async () => {
  const folder = newFolder()
  const out = join(folder, 'out')
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin/node'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  const file = writeShop(folder, {
    command: `['\${chaos.node}', ./shop.mjs, --forward, x-request-id]`,
    app: ['env: { PATH: "./bin:/usr/bin:/bin" }'],
  })
  expect((await judged(['run', file, '--out', out])).code).toBe(0)
})

test('an app that calls nothing is asked whether it knows where its clusters are', async () => {
  const folder = newFolder()
  const out = join(folder, 'out')
  const server = 'require("http").createServer((_, answer) => answer.end()).listen(process.env.PORT, "127.0.0.1")'
  await chaos(['run', writeShop(folder, { command: `[node, -e, '${server}']` }), '--out', out])
  const { status, warnings, outcomes } = readResults(out)
  expect(status).toBe('inconclusive')
  expect(warnings).toEqual([expect.stringContaining('does the app call INVENTORY_URL, which its environment tells it?')])
  expect(outcomes[1].why).toContain('nothing of its policy was tested')
})

test('a port that another program has is not loaded', async () => {
  const folder = newFolder()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const { code, stdout } = await chaos(['run', writeShop(folder, { app: [`port: ${port}`] }), '--out', join(folder, 'out')])
  server.close()
  expect(code).toBe(3)
  expect(stdout).toContain(`port ${port} of the app is taken by another program`)
})

test('a program that this machine does not have is a warning, and ends a run before anything is started', async () => {
  const folder = newFolder()
  const out = join(folder, 'out')
  const file = writeShop(folder, { command: '[no-such-program-here]' })
  const place = /shop\.yaml:4:13: .*app\.command\[0\]: there is no program "no-such-program-here" on PATH\n.*\n.*\^\n {2}hint: /
  expect(await chaos(['validate', file])).toMatchObject({ code: 0, stderr: expect.stringMatching(place) })
  const started = start(['run', file, '--out', out])
  expect(await started.finished).toMatchObject({ code: 3, stdout: '', stderr: expect.stringMatching(place) })
  expect(existsSync(out)).toBe(false)
})

test('a PATH of its own is where the program of an app is looked for', async () => {
  const folder = newFolder()
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin/shopkeeper'), '#!/bin/sh\n', { mode: 0o755 })
  const validated = (env: string) => chaos(['validate', writeShop(folder, { command: '[shopkeeper]', app: [`env: { PATH: ${env} }`] })])
  expect(await validated('"bin:/usr/bin"')).toMatchObject({ code: 0, stderr: '' })
  expect((await validated('/usr/bin')).stderr).toContain('there is no program "shopkeeper" on PATH')
})

test('a program of the project that there is not is found before the run, at its place', async () => {
  const folder = newFolder()
  const { code, stderr } = await chaos(['validate', writeShop(folder, { command: '[node, ./shpo.mjs]' })])
  expect(code).toBe(2)
  expect(stderr).toMatch(/shop\.yaml:4:19.*"\.\/shpo\.mjs" does not exist/)
})

test.each(['SIGKILL', 'SIGINT'] as const)('%s of the harness takes the runs of a batch and their children along', async (signal) => {
  const folder = newFolder()
  const file = join(folder, 'batch.yaml')
  writeFileSync(
    file,
    `name: a batch
upstreams: { inventory: {} }
app: { run: [sh, -c, 'trap "" TERM INT; sleep 60 & wait'], times: 20, parallel: 2, within: 40s }
phases: [{ name: only }]
expect: [{ exit_code: 0 }]
`,
  )
  const started = start(['run', file, '--out', join(folder, 'out')])
  await until('two run', () => started.alive().filter(({ command }) => command === 'sleep 60').length === 2)
  started.process.kill(signal)
  const { code } = await started.finished
  if (signal === 'SIGINT') expect(code).toBe(130)
  await until('all are gone', () => started.alive().length === 0, 2000).catch(() => {})
  expect(started.alive()).toEqual([])
})

test('an app that never gives its calls up fails for that, and is told so: what it holds at the end is ended with it', {
  timeout: 120_000,
}, async () => {
  const folder = newFolder()
  const out = join(folder, 'out')
  const file = writeShop(folder)
  writeFileSync(
    file,
    readFileSync(file, 'utf8')
      .replace(/load:[\s\S]*/, '')
      .concat(`load: { rate: 40/s, deadline: 500ms }
phases:
  - { name: before, for: 1s }
  - { name: hanging, for: 1s, faults: [{ cluster: inventory, hang: true, percent: 50 }] }
expect:
  - { phase: before, success_rate: ">= 80%" }
  - { phase: hanging, success_rate: ">= 90%" }
  - { phase: hanging, given: { fault: none }, success_rate: ">= 60%" }
`),
  )
  const { code, stdout } = await judged(['run', file, '--out', out])
  expect(stdout).toMatch(/calls? of the app to Envoy (was|were) still open/)
  const { outcomes } = readResults(out)
  expect(outcomes.map(({ status }: { status: string }) => status)).toEqual(['pass', 'fail', 'pass'])
  expect(code).toBe(1)
})
