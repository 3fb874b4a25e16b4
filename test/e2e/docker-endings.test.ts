import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findImages } from '../../src/containers/images.ts'
import { REAPER_LABEL, RUN_LABEL, removeRun } from '../../src/containers/run-network.ts'
import { daemon, needsDocker } from '../helpers/docker.ts'
import {
  brief,
  type DockerRun,
  expectNothingLeft,
  GONE_WITHIN_MS,
  LONG_S,
  long,
  madeBy,
  midLoad,
  startDocker,
} from '../helpers/docker-run.ts'
import { loadRuns, newFolder, readRequests, readResults, STACK_TRACE, until } from '../helpers/run.ts'

const skip = await needsDocker()

async function containersOf(chaos: DockerRun) {
  return await daemon().dockerode.listContainers({ all: true, filters: { label: [`${RUN_LABEL}=${chaos.run()}`] } })
}

function writeTwoUpstreams(): string {
  const file = join(newFolder(), 'two.yaml')
  const lines = [
    'name: two',
    'upstreams: { one: {}, two: {} }',
    'envoy: { routes: [{ match: { prefix: /one }, cluster: one }, { match: { prefix: / }, cluster: two }] }',
    'load: { rate: 50/s, requests: [{ GET: /one }, { GET: /two }] }',
    `phases: [{ name: only, for: ${LONG_S}s }]`,
    'expect: [{ phase: only, success_rate: ">= 50%" }]',
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

describe.skipIf(skip)('a run in Docker leaves nothing', () => {
  test('at its normal end; it has a reaper, unless that is not wanted', async () => {
    for (const [disabled, reapers] of [
      [undefined, 1],
      ['true', 0],
    ] as const) {
      const chaos = startDocker(brief(), { TESTCONTAINERS_RYUK_DISABLED: disabled })
      await loadRuns(chaos)
      const filters = { label: [`${REAPER_LABEL}=${chaos.run()}`] }
      expect(await daemon().dockerode.listContainers({ filters })).toHaveLength(reapers)
      expect([0, 4]).toContain((await chaos.finished).code)
      await expectNothingLeft(chaos)
    }
  })

  test('after Ctrl-C, which ends with 130 and the results so far', async () => {
    const chaos = startDocker(long())
    await midLoad(chaos)
    process.kill(-chaos.pid, 'SIGINT')
    expect(await chaos.finished).toMatchObject({ code: 130, stdout: expect.stringContaining('interrupted by SIGINT') })
    await expectNothingLeft(chaos)
    expect(readRequests(chaos.out).length).toBeGreaterThan(10)
  })

  test('after Ctrl-C in the middle of the start', async () => {
    const chaos = startDocker(long())
    await until('containers are made', async () => chaos.run() !== undefined && (await containersOf(chaos)).length > 0)
    process.kill(-chaos.pid, 'SIGINT')
    const { code, stderr } = await chaos.finished
    expect(code).toBe(130)
    expect(stderr).not.toMatch(STACK_TRACE)
    await expectNothingLeft(chaos)
    expect(readResults(chaos.out)).toMatchObject({ ended: { by: 'interrupt', signal: 'SIGINT' } })
  })

  test('after a second Ctrl-C, which ends at once', async () => {
    const chaos = startDocker(long())
    await midLoad(chaos)
    process.kill(-chaos.pid, 'SIGINT')
    await until('the first is told', () => chaos.stderr().includes('once more ends at once'))
    process.kill(-chaos.pid, 'SIGINT')
    expect((await chaos.finished).code).toBe(130)
    await expectNothingLeft(chaos, GONE_WITHIN_MS)
  })

  test('where Envoy is killed: the run ends with 3 and tells it', async () => {
    const chaos = startDocker(long())
    await midLoad(chaos)
    const envoy = (await containersOf(chaos)).find(({ Command }) => Command.startsWith('envoy'))
    await daemon()
      .dockerode.getContainer(envoy?.Id as string)
      .kill()
    const { code, stdout } = await chaos.finished
    expect(code).toBe(3)
    expect(stdout).toContain('Envoy ended during the run, with code 137')
    expect(readResults(chaos.out).ended.detail.length).toBeGreaterThan(0)
    expect(readRequests(chaos.out).length).toBeGreaterThan(10)
    await expectNothingLeft(chaos)
  })

  test('where somebody removes the container of a stub: the run ends soon, with 3 and what the others have logged', async () => {
    const chaos = startDocker(writeTwoUpstreams())
    await midLoad(chaos)
    const stubs = (await containersOf(chaos)).filter(({ Image }) => Image.includes('/stub:'))
    expect(stubs).toHaveLength(2)
    const began = performance.now()
    await daemon()
      .dockerode.getContainer(stubs[0]?.Id as string)
      .remove({ force: true })
    const { code, stdout } = await chaos.finished
    expect(code).toBe(3)
    // Its journal is asked for in vain for 5 s; an archive that nobody reads would hold the process for 300.
    expect(performance.now() - began).toBeLessThan(GONE_WITHIN_MS)
    expect(stdout).toMatch(/the stub of (one|two) ended during the run/)
    expect(stdout).not.toContain('the access log of Envoy does not know them')
    await expectNothingLeft(chaos)
  })

  test('where its reaper is killed, and the run goes on', async () => {
    const chaos = startDocker(brief())
    await loadRuns(chaos)
    const [reaper] = await daemon().dockerode.listContainers({ filters: { label: [`${REAPER_LABEL}=${chaos.run()}`] } })
    await daemon()
      .dockerode.getContainer(reaper?.Id as string)
      .kill()
    expect([0, 4]).toContain((await chaos.finished).code)
    await expectNothingLeft(chaos)
  })
})

test.skipIf(skip)('containers, networks and volumes of another run stay', async () => {
  const { dockerode } = daemon()
  const images = await findImages(daemon(), { env: process.env })
  const id = `${process.pid}${Date.now()}`
  /** Alike: one name begins with the other. */
  const make = async (run: string) => {
    const Labels = { [RUN_LABEL]: run }
    const container = await dockerode.createContainer({ Image: images.node, Labels, Volumes: { '/data': {} } })
    await dockerode.createNetwork({ Name: `chaos-${run}`, Labels })
    const { Mounts } = await container.inspect()
    return Mounts[0]?.Name as string
  }
  const hasVolume = (name: string) =>
    dockerode
      .getVolume(name)
      .inspect()
      .then(
        () => true,
        () => false,
      )
  const [one, other] = [id, `${id}0`]
  try {
    const [ofOne, ofOther] = [await make(one), await make(other)]
    expect(await removeRun(daemon(), one)).toBe(true)
    expect(await madeBy(one)).toEqual([])
    expect(await madeBy(other)).toHaveLength(2)
    expect([await hasVolume(ofOne), await hasVolume(ofOther)]).toEqual([false, true])
    // An end that finds nothing says so.
    expect(await removeRun(daemon(), one)).toBe(false)
  } finally {
    await removeRun(daemon(), one)
    await removeRun(daemon(), other)
  }
})
