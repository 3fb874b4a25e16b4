import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { createServer as createSilent, type Socket } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { buildImage } from '../../src/containers/build.ts'
import { findImages } from '../../src/containers/images.ts'
import { REAPER_LABEL, RUN_LABEL, removeRun } from '../../src/containers/run-network.ts'
import { random } from '../../src/random.ts'
import { daemon, needsDocker, ownImages } from '../helpers/docker.ts'
import {
  loadRuns,
  MACHINE_LAG_MS,
  newFolder,
  type Running,
  readRequests,
  readResults,
  STACK_TRACE,
  type Started,
  start,
  until,
  writeScenario,
} from '../helpers/run.ts'

const skip = await needsDocker()

/** The promise: so long after the harness is gone, everything else is. */
const GONE_WITHIN_MS = 15_000
/** An error of the daemon is told within this, the start of chaos included. */
const TOLD_WITHIN_MS = 3000
const LONG_S = 30

interface DockerRun extends Started {
  out: string
  temporary: string
  /** The id of the run in Docker; undefined where nothing was made yet. */
  run(): string | undefined
}

function startDocker(scenario: string, env: Record<string, string | undefined> = {}): DockerRun {
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
const watches = ({ command }: Running) => /sweeper(\/main\.ts|\.cjs) [0-9a-f]{12}$/.test(command)

/** What a run has in the daemon. */
async function madeBy(run: string | undefined): Promise<string[]> {
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

async function expectNothingLeft(chaos: DockerRun, withinMs = 0): Promise<void> {
  const left = async () => [...chaos.alive().map(({ command }) => command), ...(await madeBy(chaos.run())), ...readdirSync(chaos.temporary)]
  await until('all is gone', async () => (await left()).length === 0, withinMs).catch(() => {})
  expect(await left()).toEqual([])
}

async function containersOf(chaos: DockerRun) {
  return await daemon().dockerode.listContainers({ all: true, filters: { label: [`${RUN_LABEL}=${chaos.run()}`] } })
}

async function midLoad(chaos: DockerRun): Promise<void> {
  await loadRuns(chaos)
  chaos.run()
  await sleep(700)
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

const long = () => writeScenario(newFolder(), { seconds: LONG_S })
const brief = () => writeScenario(newFolder(), { seconds: 1.5 })

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

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

/** The daemon, but for one kind of request, to which it says that it failed. @returns DOCKER_HOST */
async function daemonThatFails(method: string, path: RegExp, message: string): Promise<string> {
  const { socketPath } = daemon().dockerode.modem as unknown as { socketPath: string }
  const server = createServer((asked, answer) => {
    if (asked.method === method && path.test(asked.url ?? '')) {
      asked.resume()
      return void answer.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ message }))
    }
    const { url = '', headers } = asked
    const onward = request({ socketPath, method: asked.method ?? 'GET', path: url, headers }, (answered) => {
      answer.writeHead(answered.statusCode ?? 500, answered.headers)
      answer.flushHeaders()
      pipeline(answered, answer, () => {})
    })
    onward.on('upgrade', (answered, socket: Socket) => {
      answer.socket?.write(`HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: ${answered.headers.upgrade}\r\n\r\n`)
      if (answer.socket) pipeline(socket, answer.socket, () => {})
    })
    pipeline(asked, onward, () => {})
  })
  const at = join(newFolder(), 'docker.sock')
  server.listen(at)
  await once(server, 'listening')
  cleanups.push(() => server.close().closeAllConnections())
  return `unix://${at}`
}

interface Told {
  ended: { by: string; message: string; hint: string | null; detail: string[] }
  ms: number
}

/** Runs with what is wrong, and expects that it is told, in time, and that nothing is left. */
async function told(env: Record<string, string | undefined>): Promise<Told> {
  const began = performance.now()
  const chaos = startDocker(long(), env)
  const watched = setInterval(() => chaos.run(), 20)
  const { code, stdout, stderr } = await chaos.finished
  clearInterval(watched)
  const ms = performance.now() - began
  expect(`${stdout}${stderr}`).not.toMatch(STACK_TRACE)
  expect(code).toBe(3)
  expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^ERROR small/)
  await expectNothingLeft(chaos)
  return { ended: readResults(chaos.out).ended, ms }
}

const inTime = expect.toSatisfy((ms: number) => ms < TOLD_WITHIN_MS)

describe.skipIf(skip)('what Docker does not do ends the run with 3 and the reason', () => {
  test('no daemon', async () => {
    expect(await told({ DOCKER_HOST: 'unix:///nowhere/docker.sock' })).toMatchObject({
      ended: {
        message: expect.stringContaining('no Docker daemon at unix:///nowhere/docker.sock'),
        hint: expect.stringContaining('DOCKER_HOST'),
      },
      ms: inTime,
    })
  })

  test('a daemon that takes connections and says nothing: after 10 s, and the run is over then', async () => {
    const at = join(newFolder(), 'docker.sock')
    const sockets: Socket[] = []
    const silent = createSilent((socket) => void sockets.push(socket)).listen(at)
    await once(silent, 'listening')
    cleanups.push(() => {
      silent.close()
      for (const socket of sockets) socket.destroy()
    })
    const { ended, ms } = await told({ DOCKER_HOST: `unix://${at}` })
    expect(ended).toMatchObject({
      message: `what listens at unix://${at} (DOCKER_HOST) does not answer as a Docker daemon`,
      detail: ['no answer within 10 s'],
    })
    expect(ms).toBeLessThan(10_000 + MACHINE_LAG_MS)
  })

  test('an image that is nowhere', async () => {
    expect(await told({ CHAOS_ENVOY_IMAGE: '127.0.0.1:1/none:1' })).toMatchObject({
      ended: {
        message: expect.stringContaining('no image of Envoy: cannot pull 127.0.0.1:1/none:1'),
        hint: expect.stringContaining('CHAOS_ENVOY_IMAGE'),
      },
      ms: inTime,
    })
  })

  test('an image without the program', async () => {
    const { node } = await findImages(daemon(), { env: process.env })
    const { ended } = await told({ CHAOS_ENVOY_IMAGE: node })
    expect(ended.message).toContain(`Envoy did not start as a container of ${node}`)
    expect(ended.message).toContain('executable file not found')
  })

  test('no addresses for a network', async () => {
    const words = 'could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network'
    expect(await told({ DOCKER_HOST: await daemonThatFails('POST', /\/networks\/create/, words) })).toMatchObject({
      ended: { message: `Docker cannot make a network: ${words}`, hint: expect.stringContaining('remove networks that nobody uses') },
      ms: inTime,
    })
  })

  test('a full disk', async () => {
    const words = 'mkdir /var/lib/docker/overlay2/1-init: no space left on device'
    const { ended, ms } = await told({ DOCKER_HOST: await daemonThatFails('POST', /\/containers\/create/, words) })
    expect(ended).toMatchObject({
      message: expect.stringContaining(words),
      hint: expect.stringContaining('the disk of the Docker daemon is full'),
    })
    expect(ms).toEqual(inTime)
  })
})

const repository = ownImages()
afterAll(async () => {
  if (skip) return
  // The image of the stub that stands on one of these is called as all of them are.
  const images = await daemon().dockerode.listImages({ filters: { label: [`own=${repository}`] } })
  for (const { Id } of images) await daemon().dockerode.getImage(Id).remove({ force: true })
})

/** An image that is all right, but that what it runs ends at once. */
async function spoilt(name: string, words: string): Promise<string> {
  const { node } = await findImages(daemon(), { env: process.env })
  const tag = `${repository}/${name}:1`
  const run = JSON.stringify(['node', '-e', `console.error(${JSON.stringify(words)}); process.exit(7)`, '--'])
  await buildImage(daemon(), {
    context: [{ path: 'Dockerfile', content: `FROM ${node}\nLABEL own=${repository}\nENTRYPOINT ${run}\n` }],
    tag,
  })
  return tag
}

test.skipIf(skip).each([
  ['an Envoy', 'CHAOS_ENVOY_IMAGE'],
  ['a stub', 'CHAOS_NODE_IMAGE'],
  ['a reaper', 'RYUK_CONTAINER_IMAGE'],
])('%s that ends at once ends the run with 3 and its last words', async (_, variable) => {
  const { ended } = await told({ [variable]: await spoilt(variable.toLowerCase(), 'no luck today') })
  expect(ended.message).toMatch(/ended( with code 7)?( at once| before)/)
  expect(ended.detail.join('\n')).toContain('no luck today')
})
