import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectDaemon, type Daemon } from '../containers/daemon.ts'
import { daemonWords } from '../containers/daemon-words.ts'
import { IMAGES, type ImageRole, LOCAL } from '../containers/image-names.ts'
import { type LookedFor, lookForImage, WAYS_TO_GET_IMAGES } from '../containers/images.ts'
import { ChaosError } from '../errors.ts'
import type { Check } from './check.ts'
import { diskSpace } from './machine.ts'

/** What Docker comes to on this machine. */
export interface DockerFindings {
  checks: Check[]
  /** Where there is one. */
  daemon: Daemon | undefined
  /** Images that the daemon does not have and that no variable names. */
  missing: ImageRole[]
  /** Whether those can be pulled. */
  pullable: boolean
}

/** The daemon, its disk, whether its published ports are reached, the images of a run, and whether a registry answers. */
export async function dockerChecks(env: NodeJS.ProcessEnv, local: string = LOCAL): Promise<DockerFindings> {
  let daemon: Daemon
  try {
    daemon = await connectDaemon(env)
  } catch (error) {
    if (!(error instanceof ChaosError)) throw error
    const remedy = error.hint === undefined ? {} : { remedy: error.hint }
    const check: Check = { name: 'daemon', status: 'gap', found: error.message, detail: error.detail, meaning: WITHOUT, ...remedy }
    return { checks: [check], daemon: undefined, missing: [], pullable: false }
  }
  const roles = Object.keys(IMAGES) as ImageRole[]
  const looked = Object.fromEntries(
    await Promise.all(roles.map(async (role) => [role, await lookForImage(daemon, role, { env, local })] as const)),
  ) as Record<ImageRole, LookedFor>
  const [info, registry, reached] = await Promise.all([
    daemon.dockerode.info() as Promise<{ DockerRootDir: string }>,
    askRegistry(daemon, looked.node),
    looked.node.present ? publishedPort(daemon, looked.node.name) : undefined,
  ])
  const missing = roles.filter((role) => !looked[role].present && !looked[role].asked && !(role === 'reaper' && isReaperOff(env)))
  const checks = [
    { name: 'daemon', status: 'ok', found: `${daemon.version} (API ${daemon.apiVersion}) at ${daemon.address}` } satisfies Check,
    await diskSpace('disk for images', info.DockerRootDir, '`docker system df` shows what takes it'),
    ...(reached ? [reached] : []),
    ...roles.map((role) => imageCheck(role, looked[role], registry, env)),
    registryCheck(registry, missing.length > 0),
  ]
  return { checks, daemon, missing, pullable: registry === undefined }
}

const isReaperOff = (env: NodeJS.ProcessEnv) => env.TESTCONTAINERS_RYUK_DISABLED === 'true'
const WITHOUT = 'runs need no Docker but for scenarios with `image` or `build`, which cannot run'

function imageCheck(role: ImageRole, { name, asked, present }: LookedFor, registry: string | undefined, env: NodeJS.ProcessEnv): Check {
  const { variable, what } = IMAGES[role]
  const check = { name: `image ${role}` }
  if (role === 'reaper' && isReaperOff(env)) {
    return { ...check, status: 'note', found: 'not asked for: TESTCONTAINERS_RYUK_DISABLED', meaning: 'what a killed run started stays' }
  }
  if (present) return { ...check, status: 'ok', found: `${name}${asked ? ` (${variable})` : ''}` }
  if (asked) {
    return {
      ...check,
      status: 'gap',
      found: `${name} (${variable}) is not there`,
      meaning: 'a run would try to pull it',
      remedy: `pull it, or correct ${variable}`,
    }
  }
  if (registry === undefined) {
    return {
      ...check,
      status: 'note',
      found: `${name} is not there yet`,
      meaning: 'the first run pulls it',
      remedy: '`chaos doctor --fix` pulls it now',
    }
  }
  return {
    ...check,
    status: 'gap',
    found: `no image of ${what}; ${name} cannot be pulled`,
    meaning: WITHOUT,
    remedy: WAYS_TO_GET_IMAGES,
  }
}

const REGISTRY_WITHIN_MS = 3000

/** @returns why the registry of a published image does not answer the daemon, or undefined where it does */
async function askRegistry({ dockerode }: Daemon, { name, asked }: LookedFor): Promise<string | undefined> {
  const image = asked ? IMAGES.node.published : name
  const late = sleep(REGISTRY_WITHIN_MS, `no answer within ${REGISTRY_WITHIN_MS / 1000} s`, { ref: false })
  const answer = dockerode
    .getImage(image)
    .distribution()
    .then(() => undefined, daemonWords)
  return await Promise.race([answer, late])
}

function registryCheck(why: string | undefined, needed: boolean): Check {
  if (why === undefined) return { name: 'registry', status: 'ok', found: 'answers' }
  const check = { name: 'registry', status: 'note', found: 'does not answer', detail: [why] } as const
  return needed ? check : { ...check, meaning: 'images that are here suffice; others cannot be pulled' }
}

/** A program that is gone by itself, should nobody end it. */
const ANSWER = `
  const server = require('net').createServer((socket) => socket.end('here')).listen(8080)
  setTimeout(() => server.close(), 20_000)`
const REACHED_WITHIN_MS = 10_000

/** Whether a port that a container publishes can be reached: not so from inside of a container, or with a daemon in one. */
async function publishedPort(daemon: Daemon, image: string): Promise<Check> {
  const name = 'published ports'
  const started = performance.now()
  try {
    const container = await daemon.dockerode.createContainer({
      Image: image,
      Entrypoint: ['node'],
      Cmd: ['-e', ANSWER],
      ExposedPorts: { '8080/tcp': {} },
      HostConfig: { AutoRemove: true, PortBindings: { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] } },
    })
    try {
      await container.start()
      const { NetworkSettings } = await container.inspect()
      const port = Number(NetworkSettings.Ports['8080/tcp']?.[0]?.HostPort)
      while (!(await answers(daemon.host, port))) {
        if (performance.now() - started > REACHED_WITHIN_MS) return unreached(name, `127.0.0.1:${port} does not answer at ${daemon.host}`)
        await sleep(50)
      }
    } finally {
      await container.remove({ force: true }).catch(() => {})
    }
  } catch (error) {
    return {
      name,
      status: 'gap',
      found: `no container can be run: ${daemonWords(error)}`,
      meaning: WITHOUT,
      remedy: "look at the daemon's log",
    }
  }
  return {
    name,
    status: 'ok',
    found: `reached at ${daemon.host}; a container takes ${((performance.now() - started) / 1000).toFixed(1)} s`,
  }
}

function unreached(name: string, found: string): Check {
  return {
    name,
    status: 'gap',
    found,
    meaning: 'runs with Docker cannot reach their containers: ports are published on 127.0.0.1 of the machine of the daemon only',
    remedy: 'run chaos on that machine itself, or in a container that shares its network (docker run --network host)',
  }
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host, port })
    socket.setTimeout(1000, () => socket.destroy())
    socket
      .once('data', () => done(true))
      .once('error', () => done(false))
      .once('close', () => done(false))
  })
}
