import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { findImages } from '../../src/containers/images.ts'
import { RUN_LABEL, removeRun } from '../../src/containers/run-network.ts'
import { random } from '../../src/random.ts'
import { daemon, needsDocker } from '../helpers/docker.ts'
import {
  brief,
  type DockerRun,
  expectNothingLeft,
  GONE_WITHIN_MS,
  long,
  madeBy,
  midLoad,
  startDocker,
  watches,
} from '../helpers/docker-run.ts'
import { loadRuns } from '../helpers/run.ts'

const skip = await needsDocker()

/** From before the first process, over the start. */
const FROM_START = { kills: 12, overMs: 4000 }
/** From the first request, over the end, past it. */
const FROM_LOAD = { kills: 8, overMs: 3000 }
const AT_ONCE = 4

/** Each instant falls at random into its own part of the span, so that no part of a run is left out. */
function instants({ kills, overMs }: { kills: number; overMs: number }, seed: number): number[] {
  const rng = random(seed)
  return Array.from({ length: kills }, (_, i) => ((i + rng()) * overMs) / kills)
}

async function killAfter(ms: number, began: (chaos: DockerRun) => Promise<void>): Promise<boolean> {
  const chaos = startDocker(brief())
  await began(chaos)
  const rest = sleep(ms)
  // It says its id only while something of it runs.
  while (chaos.process.exitCode === null && (await Promise.race([rest.then(() => false), sleep(5, true)]))) chaos.run()
  chaos.run()
  chaos.process.kill('SIGKILL')
  await expectNothingLeft(chaos, GONE_WITHIN_MS)
  return chaos.run() !== undefined
}

async function killAll(moments: readonly number[], began: (chaos: DockerRun) => Promise<void>): Promise<boolean[]> {
  const seen: boolean[] = []
  for (let i = 0; i < moments.length; i += AT_ONCE) {
    seen.push(...(await Promise.all(moments.slice(i, i + AT_ONCE).map((ms) => killAfter(ms, began)))))
  }
  return seen
}

describe.skipIf(skip)('15 s after kill -9 nothing is left', () => {
  test('at any instant of the start', { timeout: 240_000 }, async () => {
    const seen = await killAll(instants(FROM_START, 7), async () => {})
    // Some came before anything was made in Docker, and some later.
    expect(seen).toContain(false)
    expect(seen).toContain(true)
  })

  test('at any instant of the load and of the end', { timeout: 240_000 }, async () => {
    const seen = await killAll(instants(FROM_LOAD, 8), loadRuns)
    expect(seen).not.toContain(false)
  })

  test('where all its processes are killed at once: the reaper removes what is of the run, and no more', async () => {
    const chaos = startDocker(long())
    await midLoad(chaos)
    const watcher = chaos.alive().find(watches)?.pid as number
    process.kill(watcher, 'SIGKILL')
    chaos.process.kill('SIGKILL')
    expect(await madeBy(chaos.run())).not.toEqual([])
    const { node } = await findImages(daemon(), { env: process.env })
    // Its name begins with that of the run.
    const other = `${chaos.run()}0`
    await daemon().dockerode.createContainer({ Image: node, Labels: { [RUN_LABEL]: other } })
    try {
      await expectNothingLeft(chaos, GONE_WITHIN_MS)
      expect(await madeBy(other)).toHaveLength(1)
    } finally {
      await removeRun(daemon(), other)
    }
  })
})
