import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, inject, test } from 'vitest'
import {
  isEnvoy,
  isStub,
  judged,
  loadRuns,
  newFolder,
  type Running,
  readRequests,
  readResults,
  STACK_TRACE,
  type Started,
  start,
  until,
  writeScenario,
  writeScript,
} from '../helpers/run.ts'

/** Long enough that every interruption here falls into it. */
const LONG = { seconds: 30, faults: ['{ cluster: shop, delay: 50ms, percent: 50 }'] }
/** How long the load runs before it is interrupted: at 100 requests a second some dozens are over. */
const SOME_LOAD_MS = 700

function startLong(more: Parameters<typeof start>[1] = {}) {
  const folder = newFolder()
  const out = join(folder, 'out')
  return { out, chaos: start(['run', writeScenario(folder, LONG), '--out', out], more) }
}

async function midLoad(started: Started): Promise<void> {
  await loadRuns(started)
  await sleep(SOME_LOAD_MS)
}

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s in the middle of the load ends with %i, the results so far, and nothing left', async (signal, code) => {
  const { out, chaos } = startLong()
  await midLoad(chaos)
  chaos.process.kill(signal)
  const finished = await chaos.finished
  expect(chaos.alive()).toEqual([])
  expect(finished).toMatchObject({ code, stderr: expect.stringContaining('ending the run') })
  expect(finished.stderr).not.toMatch(STACK_TRACE)
  expect(finished.stdout).toContain(`interrupted by ${signal}`)
  expect(finished.stdout.trimEnd().split('\n').at(-1)).toMatch(/^INTERRUPTED small/)

  expect(readResults(out)).toMatchObject({ ended: { by: 'interrupt', signal } })
  expect(readResults(out).verdict.status).toBe('error')
  const requests = readRequests(out)
  expect(requests.length).toBeGreaterThan(10)
  expect(requests.length).toBeLessThan(3000)
  expect(requests.filter((request) => request.success).length).toBeGreaterThan(10)
  expect(requests.map((request) => request.id)).toEqual(requests.map((_, i) => `r-${i + 1}`))
  expect(readFileSync(join(out, 'junit.xml'), 'utf8')).toMatch(/<error\b/)
  expect(readFileSync(join(out, 'junit.xml'), 'utf8')).toMatch(/errors="[1-9]/)
  expect(readFileSync(join(out, 'summary.txt'), 'utf8')).toContain('INTERRUPTED')
})

test('an interruption switches the faults off before Envoy is ended', async () => {
  const folder = newFolder()
  const log = join(folder, 'admin.log')
  const overlay = `admin: { access_log: [{ name: envoy.access_loggers.file, typed_config: { "@type": type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog, path: ${log}, log_format: { text_format_source: { inline_string: "%REQ(:PATH)%\\n" } } } }] }`
  const envoy = writeScript(folder, ['[ "$1" = -c ] || exec "$REAL_ENVOY" "$@"', `exec "$REAL_ENVOY" "$@" --config-yaml '${overlay}'`])
  const { chaos } = startLong({ env: { CHAOS_ENVOY: envoy, REAL_ENVOY: inject('envoy') } })
  await midLoad(chaos)
  chaos.process.kill('SIGINT')
  expect(await chaos.finished).toMatchObject({ code: 130 })
  const changes = readFileSync(log, 'utf8')
    .split('\n')
    .filter((path) => path.startsWith('/runtime_modify'))
  expect(changes.map((path) => /chaos\.only-1\.percent=(\d+)/.exec(path)?.[1])).toEqual(['50', '0'])
})

test('a terminal that closes, and says so twice to the whole process group, leaves the results so far', async () => {
  const { out, chaos } = startLong()
  await midLoad(chaos)
  process.kill(-chaos.pid, 'SIGHUP')
  await until('the first is told', () => chaos.stderr().includes('ending the run'))
  process.kill(-chaos.pid, 'SIGHUP')
  expect(await chaos.finished).toMatchObject({ code: 129 })
  expect(chaos.alive()).toEqual([])
  expect(readResults(out)).toMatchObject({ ended: { by: 'interrupt', signal: 'SIGHUP' } })
})

test('Ctrl-C as a terminal sends it, to the whole process group, is the same', async () => {
  const { out, chaos } = startLong()
  await midLoad(chaos)
  process.kill(-chaos.pid, 'SIGINT')
  expect(await chaos.finished).toMatchObject({ code: 130 })
  expect(chaos.alive()).toEqual([])
  // Had Envoy or the stub met the signal, the run would tell of their death.
  expect(readResults(out)).toMatchObject({ ended: { by: 'interrupt', signal: 'SIGINT' } })
})

const asked = (option: string) => (process: Running) => process.command.includes(option)

test.each([
  ['as soon as chaos runs', () => true],
  ['when Envoy is asked for its version', (chaos: Started) => chaos.alive().some(asked('--version')) || chaos.alive().some(isStub)],
  ['when the stub runs', (chaos: Started) => chaos.alive().some(isStub)],
  ['when Envoy runs', (chaos: Started) => chaos.alive().some(isEnvoy)],
])('an interruption during the start-up, %s, leaves nothing running', async (moment, come) => {
  const { out, chaos } = startLong()
  await until(moment, () => come(chaos))
  process.kill(-chaos.pid, 'SIGINT')
  const { code, stdout, stderr } = await chaos.finished
  expect(code).toBe(130)
  expect(stderr).not.toMatch(STACK_TRACE)
  expect(chaos.alive()).toEqual([])
  // Before the first word of chaos nothing was begun.
  if (!stderr.includes('ending the run')) return expect([stdout, existsSync(out)]).toEqual(['', false])
  expect(readResults(out)).toMatchObject({ ended: { by: 'interrupt', signal: 'SIGINT' } })
  expect(stdout).toContain('INTERRUPTED')
})

/** What Envoy does not answer is waited for so long; an end at once is far below. */
const ADMIN_TIMEOUT_MS = 5000

test('a second interruption ends at once what the first waits for', async () => {
  const { chaos } = startLong()
  await midLoad(chaos)
  const envoy = chaos.alive().find(isEnvoy)
  process.kill(envoy?.pid as number, 'SIGSTOP')
  chaos.process.kill('SIGINT')
  await until('the first is told', () => chaos.stderr().includes('once more ends at once'))
  await sleep(100)
  const second = performance.now()
  chaos.process.kill('SIGINT')
  expect((await chaos.finished).code).toBe(130)
  expect(performance.now() - second).toBeLessThan(ADMIN_TIMEOUT_MS - 1000)
  await until('all are gone', () => chaos.alive().length === 0)
})

test('requests in flight do not hold up the end', async () => {
  const folder = newFolder()
  const started = start(['run', writeScenario(folder, { seconds: 20, latency: '15s' }), '--out', join(folder, 'out')])
  await midLoad(started)
  const interrupted = performance.now()
  started.process.kill('SIGINT')
  expect(await started.finished).toMatchObject({ code: 130 })
  expect(performance.now() - interrupted).toBeLessThan(10_000)
  const requests = readRequests(join(folder, 'out'))
  expect(requests.length).toBeGreaterThan(10)
  expect(requests.every((request) => request.error?.includes('the run was stopped'))).toBe(true)
})

test('of several scenarios none is begun after an interruption', async () => {
  const folder = newFolder()
  const files = ['one', 'two'].map((name) => writeScenario(folder, { name, ...LONG }))
  const started = start(['run', ...files, '--out', join(folder, 'out')])
  await midLoad(started)
  started.process.kill('SIGINT')
  expect(await started.finished).toMatchObject({ code: 130, stdout: expect.not.stringContaining('two') })
  expect(existsSync(join(folder, 'out', 'two'))).toBe(false)
})

test('an interruption after the last request of a first scenario is not a pass of both', async () => {
  const folder = newFolder()
  const files = ['one', 'two'].map((name) => writeScenario(folder, { name, seconds: 0.5 }))
  const out = join(folder, 'out')
  const started = start(['run', ...files, '--out', out])
  await until('the reports are written', () => existsSync(join(out, 'one', 'results.json')))
  started.process.kill('SIGINT')
  expect((await started.finished).code).toBe(130)
})

test('an interrupted run can be repeated into the same folder', async () => {
  const { out, chaos: first } = startLong()
  await midLoad(first)
  first.process.kill('SIGINT')
  await first.finished
  expect(await judged(['run', writeScenario(newFolder()), '--out', out])).toMatchObject({ code: 0 })
  expect(readResults(out)).toMatchObject({ ended: null })
})
