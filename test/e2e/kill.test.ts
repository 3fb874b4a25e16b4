import { mkdirSync, mkdtempSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { random } from '../../src/random.ts'
import {
  isEnvoy,
  isStub,
  loadRuns,
  newFolder,
  type Running,
  type Started,
  start,
  until,
  writeScenario,
  writeScript,
} from '../helpers/run.ts'

/** The promise: so long after the harness is gone, everything else is. */
const GONE_WITHIN_MS = 2000
/** From before the first child, over the start-up, into the load. */
const FROM_START = { kills: 12, overMs: 3000 }
/** From the first request, over the teardown and the reports, past the end. */
const FROM_LOAD = { kills: 8, overMs: 2500 }
const AT_ONCE = 4

let folder: string
let scenario: string
beforeAll(() => {
  folder = newFolder()
  scenario = writeScenario(folder, { seconds: 1.5, faults: ['{ cluster: shop, delay: 100ms, percent: 50 }'] })
})

async function expectAllGone(chaos: Started): Promise<void> {
  await until('all are gone', () => chaos.alive().length === 0, GONE_WITHIN_MS).catch(() => {})
  expect(chaos.alive()).toEqual([])
}

/** Each instant falls at random into its own part of the span, so that no part of a run is left out. */
function instants({ kills, overMs }: { kills: number; overMs: number }, seed: number): number[] {
  const rng = random(seed)
  return Array.from({ length: kills }, (_, i) => ((i + rng()) * overMs) / kills)
}

async function killAfter(ms: number, began: (chaos: Started) => Promise<void>) {
  const own = mkdtempSync(join(folder, 'kill-'))
  const temporary = join(own, 'tmp')
  mkdirSync(temporary)
  const chaos = start(['run', scenario, '--out', join(own, 'out')], { env: { TMPDIR: temporary } })
  await began(chaos)
  await sleep(ms)
  const seen = chaos.alive()
  chaos.process.kill('SIGKILL')
  await expectAllGone(chaos)
  await chaos.finished
  expect(readdirSync(temporary)).toEqual([])
  return seen
}

async function killAll(moments: readonly number[], began: (chaos: Started) => Promise<void>) {
  const sharedMemory = readdirSync('/dev/shm')
  const seen: Running[][] = []
  for (let i = 0; i < moments.length; i += AT_ONCE) {
    seen.push(...(await Promise.all(moments.slice(i, i + AT_ONCE).map((ms) => killAfter(ms, began)))))
  }
  expect(readdirSync('/dev/shm').filter((name) => !sharedMemory.includes(name))).toEqual([])
  return seen
}

test('kill -9 at any instant of the start-up leaves no process and no temporary file', async () => {
  const seen = await killAll(instants(FROM_START, 7), async () => {})
  expect(seen.some((processes) => !processes.some(isStub))).toBe(true)
})

test('kill -9 at any instant of the load and the teardown leaves no process and no temporary file', async () => {
  const seen = await killAll(instants(FROM_LOAD, 8), loadRuns)
  expect(seen.some((processes) => processes.some(isStub) && processes.some(isEnvoy))).toBe(true)
})

/** Each ignores what asks it to end, and has a child of its own. */
const STUBBORN = ['trap "" TERM INT HUP', 'sleep 60 & wait']
const SAYS_ITS_VERSION = '[ "$1" = --version ] && echo "envoy  version: c0ffee/1.40.0/Clean/RELEASE/BoringSSL" && exit'

test.each([
  ['--version', STUBBORN],
  ['--concurrency', [SAYS_ITS_VERSION, ...STUBBORN]],
])('kill -9 while an Envoy hangs at %s takes it and its children along', async (argument, lines) => {
  const chaos = start(['run', scenario, '--out', join(newFolder(), 'out'), '--envoy', writeScript(folder, lines)])
  await until('its child runs', () => {
    const seen = chaos.alive()
    return seen.some(({ command }) => command.includes(argument)) && seen.some(({ command }) => command === 'sleep 60')
  })
  chaos.process.kill('SIGKILL')
  await expectAllGone(chaos)
})
