import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, inject, test } from 'vitest'
import {
  chaos,
  isEnvoy,
  isStub,
  judged,
  loadRuns,
  newFolder,
  type Running,
  readRequests,
  readResults,
  STACK_TRACE,
  start,
  until,
  writeScenario,
  writeScript,
} from '../helpers/run.ts'

const LONG_S = 30
const SOME_LOAD_MS = 700

async function killMidLoad(which: (process: Running) => boolean) {
  const folder = newFolder()
  const out = join(folder, 'out')
  const chaos = start(['run', writeScenario(folder, { seconds: LONG_S }), '--out', out])
  await loadRuns(chaos)
  await sleep(SOME_LOAD_MS)
  process.kill(chaos.alive().find(which)?.pid as number, 'SIGKILL')
  const finished = await chaos.finished
  expect(chaos.alive()).toEqual([])
  return { out, ...finished }
}

test.each([
  ['Envoy', isEnvoy, 'Envoy ended during the run, with code 137'],
  ['the stub', isStub, 'the stub upstreams ended during the run, with code 137'],
])('kill -9 of %s in the middle of the load ends with 3 and the results so far', async (_, which, message) => {
  const { out, code, stdout, stderr } = await killMidLoad(which)
  expect(code).toBe(3)
  expect(stdout).toContain(message)
  expect(`${stdout}${stderr}`).not.toMatch(STACK_TRACE)
  expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^ERROR small/)
  const results = readResults(out)
  expect(results.ended).toMatchObject({ by: 'environment', message })
  // The last lines of its log, or that it said nothing.
  expect(results.ended.detail.length).toBeGreaterThan(0)
  expect(results.verdict.status).toBe('error')
  const requests = readRequests(out)
  expect(requests.length).toBeGreaterThan(10)
  expect(requests.length).toBeLessThan(LONG_S * 100)
  expect(requests.filter((request) => request.success).length).toBeGreaterThan(10)
  expect(readFileSync(join(out, 'junit.xml'), 'utf8')).toMatch(/<error\b/)
})

test.concurrent('an Envoy that hangs in the middle of the load ends the run with 3, not with a stack trace', async () => {
  const folder = newFolder()
  const out = join(folder, 'out')
  const chaos = start(['run', writeScenario(folder, { seconds: 1 }), '--out', out])
  await loadRuns(chaos)
  process.kill(chaos.alive().find(isEnvoy)?.pid as number, 'SIGSTOP')
  const { code, stdout, stderr } = await chaos.finished
  expect(code).toBe(3)
  expect(`${stdout}${stderr}`).not.toMatch(STACK_TRACE)
  expect(readResults(out).ended).toMatchObject({ by: 'environment', message: expect.stringContaining('no answer within') })
  expect(chaos.alive()).toEqual([])
})

const VERSION = (version: string) => `[ "$1" = --version ] && echo "envoy  version: c0ffee/${version}/Clean/RELEASE/BoringSSL" && exit`

/** Each ignores what asks it to end, and has a child. */
const HANGS = ['trap "" TERM INT', 'sleep 100 & wait']

test.concurrent('an Envoy that hangs, wherever it does in the start-up, ends the run with 3, the reason, and nothing left', async () => {
  const places = [
    [HANGS, '`--version` did not end within 10 s'],
    [[VERSION('1.40.0'), ...HANGS], 'was not ready after 15 s'],
  ] as const
  await Promise.all(
    places.map(async ([lines, reason]) => {
      const folder = newFolder()
      const out = join(folder, 'out')
      const started = start(['run', writeScenario(folder), '--out', out, '--envoy', writeScript(folder, lines)])
      expect(await started.finished).toMatchObject({ code: 3 })
      expect(readResults(out).ended.message).toContain(reason)
      expect(started.alive()).toEqual([])
    }),
  )
})

test.each([
  ['that is not there', () => join(newFolder(), 'none'), 'does not exist'],
  ['that is a folder', () => newFolder(), 'is not a file'],
  ['that is not executable', () => writeScript(newFolder(), [VERSION('1.40.0')], 0o644), 'is not executable'],
  ['that ends at once', () => writeScript(newFolder(), ['echo no luck today >&2', 'exit 1']), 'no luck today'],
  ['that is killed at once', () => writeScript(newFolder(), ['kill -9 $$']), 'is not an Envoy'],
  [
    'that refuses its configuration',
    () => writeScript(newFolder(), [VERSION('1.40.0'), 'echo spoilt: >"$2"', `exec '${inject('envoy')}' "$@"`]),
    'Envoy refuses the configuration that chaos wrote',
  ],
  [
    'that ends before it is ready',
    () => writeScript(newFolder(), [VERSION('1.40.0'), 'echo no luck at all', 'exit 7']),
    'ended with code 7',
  ],
])('an Envoy %s ends the run with 3, the reason, and nothing left', async (_, envoy, reason) => {
  const folder = newFolder()
  const out = join(folder, 'out')
  const started = start(['run', writeScenario(folder), '--out', out, '--envoy', envoy()])
  const { code, stdout, stderr } = await started.finished
  expect(code).toBe(3)
  expect(`${stdout}${stderr}`).not.toMatch(STACK_TRACE)
  expect(started.alive()).toEqual([])
  const { ended } = readResults(out)
  expect([ended.message, ...ended.detail].join('\n')).toContain(reason)
  expect(readFileSync(join(out, 'junit.xml'), 'utf8')).toMatch(/<error\b/)
})

test('the last lines of an Envoy that ends before it is ready are shown', async () => {
  const folder = newFolder()
  const envoy = writeScript(newFolder(), [VERSION('1.40.0'), 'echo no luck at all', 'exit 7'])
  const { stdout, stderr } = await chaos(['run', writeScenario(folder), '--out', join(folder, 'out'), '--envoy', envoy])
  expect(`${stdout}${stderr}`).toContain('no luck at all')
})

test('an Envoy that hangs can be interrupted', async () => {
  const folder = newFolder()
  const started = start(['run', writeScenario(folder), '--out', join(folder, 'out'), '--envoy', writeScript(folder, HANGS)])
  await until('it hangs', () => started.alive().some(({ command }) => command === 'sleep 100'))
  started.process.kill('SIGINT')
  expect(await started.finished).toMatchObject({ code: 130 })
  expect(started.alive()).toEqual([])
})

test('an Envoy of another version is used, with a warning', async () => {
  const folder = newFolder()
  const out = join(folder, 'out')
  const envoy = writeScript(folder, [VERSION('1.29.3'), `exec '${inject('envoy')}' "$@"`])
  const { code, stdout } = await judged(['run', writeScenario(folder), '--out', out, '--envoy', envoy])
  expect(code).toBe(0)
  expect(stdout).toContain('1.29.3')
  expect(readResults(out).warnings).toEqual([expect.stringMatching(/Envoy 1\.29\.3.*measured with 1\.40\.0/)])
})

test('a run ends with 3 where the stub cannot start', async () => {
  const folder = newFolder()
  const preload = join(folder, 'no-stub.cjs')
  writeFileSync(preload, 'if (/upstream\\.cjs$/.test(process.argv[1])) { console.error("no stub today"); process.exit(9) }')
  const { code, stdout, stderr } = await chaos(['run', writeScenario(folder), '--out', join(folder, 'out')], {
    env: { NODE_OPTIONS: `--require=${preload}` },
  })
  expect(code).toBe(3)
  expect(`${stdout}${stderr}`).toContain('no stub today')
  expect(`${stdout}${stderr}`).not.toMatch(STACK_TRACE)
  expect(existsSync(join(folder, 'out', 'results.json'))).toBe(true)
})
