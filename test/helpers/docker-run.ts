import { mkdirSync, mkdtempSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { REAPER_LABEL, RUN_LABEL } from '../../src/containers/run-network.ts'
import { daemon } from './docker.ts'
import { loadRuns, newFolder, type Running, type Started, start, until, writeScenario } from './run.ts'

/** A run in Docker, as a user starts it, and what it has in the daemon. */

export const LONG_S = 30

/** The promise: so long after the harness is gone, everything else is. */
export const GONE_WITHIN_MS = 15_000

export interface DockerRun extends Started {
  out: string
  temporary: string
  /** The id of the run in Docker; undefined where nothing was made yet. */
  run(): string | undefined
}

export function startDocker(scenario: string, env: Record<string, string | undefined> = {}): DockerRun {
  const own = mkdtempSync(join(newFolder(), 'run-'))
  const temporary = join(own, 'tmp')
  mkdirSync(temporary)
  const out = join(own, 'out')
  const chaos = start(['run', scenario, '--runtime', 'docker', '--out', out], { env: { TMPDIR: temporary, ...env } })
  let known: string | undefined
  const run = () => {
    known ??= chaos.alive().find(watches)?.command.split(' ').at(-1)
    return known
  }
  return { ...chaos, out, temporary, run }
}

/** The shell that waits, or what it has become. Its last argument is the id of the run. */
export const watches = ({ command }: Running) => /sweeper(\/main\.ts|\.cjs) [0-9a-f]{12}$/.test(command)

/** What a run has in the daemon. */
export async function madeBy(run: string | undefined): Promise<string[]> {
  if (run === undefined) return []
  const { dockerode } = daemon()
  const labelled = (label: string) => ({ filters: { label: [`${label}=${run}`] } })
  const [containers, reapers, networks, volumes, images] = await Promise.all([
    dockerode.listContainers({ all: true, ...labelled(RUN_LABEL) }),
    dockerode.listContainers({ all: true, ...labelled(REAPER_LABEL) }),
    dockerode.listNetworks(labelled(RUN_LABEL)),
    dockerode.listVolumes(labelled(RUN_LABEL)),
    dockerode.listImages(labelled(RUN_LABEL)),
  ])
  return [...containers, ...reapers, ...networks, ...images].map(({ Id }) => Id).concat(volumes.Volumes.map(({ Name }) => Name))
}

export async function expectNothingLeft(chaos: DockerRun, withinMs = 0): Promise<void> {
  const left = async () => [...chaos.alive().map(({ command }) => command), ...(await madeBy(chaos.run())), ...readdirSync(chaos.temporary)]
  await until('all is gone', async () => (await left()).length === 0, withinMs).catch(() => {})
  expect(await left()).toEqual([])
}

export async function midLoad(chaos: DockerRun): Promise<void> {
  await loadRuns(chaos)
  chaos.run()
  await sleep(700)
}

export const long = () => writeScenario(newFolder(), { seconds: LONG_S })
export const brief = () => writeScenario(newFolder(), { seconds: 1.5 })
