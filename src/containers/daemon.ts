import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type Dockerode from 'dockerode'
import { ChaosError } from '../errors.ts'

/** A Docker daemon that answers: the one that testcontainers uses too. */
export interface Daemon {
  dockerode: Dockerode
  /** Such as `unix:///var/run/docker.sock`. */
  address: string
  /** Where published ports are reached; 127.0.0.1 for a daemon of this machine. */
  host: string
  /** The daemon's socket, as a container mounts it. */
  socketPath: string
  version: string
  apiVersion: string
}

/** Docker 20.10, of 2020: the oldest that chaos was run with. */
export const OLDEST_API = '1.41'

/** A dead address may swallow packets, or its name server may be silent. */
const CONNECT_WITHIN_MS = 2000
/** A daemon that is busy takes a while; one that is stuck never answers. */
const ANSWER_WITHIN_MS = 10_000

/**
 * Connects to the Docker daemon that `DOCKER_HOST` or `~/.testcontainers.properties` names, else to the one at a usual
 * socket. One that is named and does not answer is an error: testcontainers by itself would take another.
 *
 * testcontainers connects once in the life of a process, and to the same daemon from then on.
 *
 * @param env - process.env itself, which testcontainers reads. For a daemon of this machine `TESTCONTAINERS_HOST_OVERRIDE`
 *   is set in it where it is not: chaos publishes ports on 127.0.0.1 only, and testcontainers would look elsewhere.
 * @throws ChaosError `environment` where no daemon can be used: none answers (within 2 s or so), no permission, too old, or
 *   on another machine, where ports that are published on its 127.0.0.1 cannot be reached
 */
export async function connectDaemon(env: NodeJS.ProcessEnv): Promise<Daemon> {
  const named = namedAddress(env)
  const places = named ? [placeOf(named)] : usualSockets(env).map((path) => ({ path }))
  const answers = await Promise.all(places.map(async (place) => ({ place, failure: await tryToConnect(place) })))
  if (answers.every(({ failure }) => failure !== undefined)) throw noDaemon(named, answers)
  if (!env.TESTCONTAINERS_HOST_OVERRIDE) {
    if (named && !isLoopback(named.url.hostname)) throw elsewhere(named)
    env.TESTCONTAINERS_HOST_OVERRIDE = '127.0.0.1'
  }

  const reached = answers.find(({ failure }) => !failure) as { place: Place }
  try {
    const [{ getContainerRuntimeClient }] = await Promise.all([import('testcontainers'), saysAnything(reached.place)])
    const { info, container } = await within(ANSWER_WITHIN_MS, getContainerRuntimeClient())
    const { dockerode } = container
    const place = placeOfModem(dockerode)
    // It passes over one that does not answer as a daemon does.
    if (named && showPlace(place) !== showPlace(placeOf(named))) throw new Error('it does not answer the request for /info')
    const address = 'path' in place ? `unix://${place.path}` : `tcp://${showPlace(place)}`
    const { Version: version, ApiVersion: apiVersion } = await within(ANSWER_WITHIN_MS, dockerode.version())
    if (!/^\d+\.\d+$/.test(apiVersion)) throw new Error(`it says that its API is ${JSON.stringify(apiVersion)}, which is no version`)
    if (isOlder(apiVersion, OLDEST_API)) throw tooOld(address, version, apiVersion)
    return { dockerode, address, host: info.containerRuntime.host, socketPath: info.containerRuntime.remoteSocketPath, version, apiVersion }
  } catch (cause) {
    if (cause instanceof ChaosError) throw cause
    const where = named ? shown(named) : answers.filter(({ failure }) => !failure).map(({ place }) => showPlace(place))
    throw new ChaosError('environment', `what listens at ${where} does not answer as a Docker daemon`, {
      hint: `look at the daemon's log (journalctl -u docker), or start it anew; ${INSTEAD}`,
      detail: [(cause as Error).message],
      cause,
    })
  }
}

interface Named {
  by: string
  text: string
  url: URL
}

type Place = { path: string } | { host: string; port: number }

/** In the order in which testcontainers looks. */
function namedAddress(env: NodeJS.ProcessEnv): Named | undefined {
  const file = join(homedir(), '.testcontainers.properties')
  const properties = readOrEmpty(file)
  const property = (key: string) => new RegExp(`^[ \\t]*${key}[ \\t]*[=:][ \\t]*(\\S+)`, 'm').exec(properties)?.[1]
  const candidates: [string, string | undefined][] = [
    [`tc.host in ${file}`, property('tc\\.host')],
    ['DOCKER_HOST', env.DOCKER_HOST],
    [`docker.host in ${file}`, env.DOCKER_HOST === undefined ? property('docker\\.host') : undefined],
  ]
  for (const [by, text] of candidates) {
    if (!text) continue
    const url = URL.canParse(text) ? new URL(text) : undefined
    if (url && ['unix:', 'tcp:', 'http:', 'https:'].includes(url.protocol)) return { by, text, url }
    throw new ChaosError('environment', `${by} is ${text}, which is not an address that chaos can use`, {
      hint: 'give it as unix:///path/of/docker.sock or tcp://127.0.0.1:2375; for a daemon behind ssh, forward its socket to a local one',
    })
  }
  return undefined
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const placeOf = ({ url }: Named): Place =>
  url.hostname === '' ? { path: url.pathname } : { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 80) }

const showPlace = (place: Place) => ('path' in place ? place.path : `${place.host}:${place.port}`)
const shown = ({ by, text }: Named) => `${text} (${by})`

/** Where testcontainers looks when nothing is named: the system's daemon, Docker Desktop's, the user's own. */
function usualSockets(env: NodeJS.ProcessEnv): string[] {
  const paths = [
    '/var/run/docker.sock',
    env.XDG_RUNTIME_DIR && join(env.XDG_RUNTIME_DIR, 'docker.sock'),
    join(homedir(), '.docker/run/docker.sock'),
    join(homedir(), '.docker/desktop/docker.sock'),
    join('/run/user', String(userInfo().uid), 'docker.sock'),
  ]
  return [...new Set(paths.filter((path) => path !== undefined && path !== ''))] as string[]
}

/** @returns why nothing can be reached there, or undefined where something listens. */
function tryToConnect(place: Place): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((done) => {
    const socket = connect(place)
    const end = (error?: Error) => {
      clearTimeout(timer)
      socket.destroy()
      done(error)
    }
    const timer = setTimeout(() => end(Object.assign(new Error(), { code: 'ETIMEDOUT' })), CONNECT_WITHIN_MS)
    socket.once('connect', () => end()).once('error', end)
  })
}

/**
 * What testcontainers asks a daemon that is stuck cannot be taken back, and would hold this process for ever.
 * @throws Error where nothing is said; what it is that speaks there is seen later
 */
function saysAnything(place: Place): Promise<void> {
  return new Promise((done, fail) => {
    const socket = connect(place, () => socket.write('GET /_ping HTTP/1.0\r\n\r\n'))
    const end = () => {
      clearTimeout(timer)
      socket.destroy()
      done()
    }
    const timer = setTimeout(() => {
      fail(new Error(`no answer within ${ANSWER_WITHIN_MS / 1000} s`))
      end()
    }, ANSWER_WITHIN_MS)
    socket.once('data', end).once('close', end).once('error', end)
  })
}

const INSTEAD = 'scenarios without images need no Docker (--runtime process); `chaos doctor` shows what this machine can run'

function noDaemon(named: Named | undefined, answers: readonly { place: Place; failure: NodeJS.ErrnoException | undefined }[]): ChaosError {
  const forbidden = answers.find(({ failure }) => failure?.code === 'EACCES' || failure?.code === 'EPERM')
  if (forbidden) {
    return new ChaosError('environment', `no permission to use the Docker daemon at ${named ? shown(named) : showPlace(forbidden.place)}`, {
      hint: `add yourself to the group of that socket (sudo usermod -aG docker "$USER", then log in again), or use a rootless daemon; ${INSTEAD}`,
    })
  }
  const [first] = answers
  if (named && first) {
    return new ChaosError('environment', `no Docker daemon at ${shown(named)}: ${reason(first)}`, {
      hint: `start that daemon, or correct or remove ${named.by}; chaos does not take another one by itself; ${INSTEAD}`,
    })
  }
  // Most of the usual places do not exist on most machines.
  const telling = answers.filter(({ failure }, i) => i === 0 || failure?.code !== 'ENOENT')
  return new ChaosError('environment', 'no Docker daemon answers', {
    hint: `install and start Docker, or name a daemon with DOCKER_HOST (chaos knows nothing of Docker's contexts); ${INSTEAD}`,
    detail: telling.map((answer) => `${showPlace(answer.place)}: ${reason(answer)}`),
  })
}

function reason({ place, failure }: { place: Place; failure: NodeJS.ErrnoException | undefined }): string {
  switch (failure?.code) {
    case 'ENOENT':
      return 'there is no such socket'
    case 'ECONNREFUSED':
      return 'path' in place ? 'the socket is there, but nobody listens' : 'nobody listens there'
    case 'ETIMEDOUT':
      return `no answer within ${CONNECT_WITHIN_MS / 1000} s`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'that name is not known'
    default:
      return failure?.message ?? ''
  }
}

function elsewhere(named: Named): ChaosError {
  return new ChaosError('environment', `the Docker daemon at ${shown(named)} is on another machine`, {
    hint:
      'chaos publishes ports on 127.0.0.1 of the machine of the daemon only, where it would have to run too. ' +
      'Where that address reaches them all the same (a tunnel, a shared network), set TESTCONTAINERS_HOST_OVERRIDE to the host to connect to',
  })
}

function tooOld(address: string, version: string, apiVersion: string): ChaosError {
  return new ChaosError('environment', `the Docker daemon at ${address} is too old: ${version} speaks API ${apiVersion}`, {
    hint: `chaos needs API ${OLDEST_API}, which Docker 20.10 and later speak; ${INSTEAD}`,
  })
}

const isLoopback = (hostname: string) => hostname === '' || hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname)

function isOlder(apiVersion: string, than: string): boolean {
  const [major = 0, minor = 0] = apiVersion.split('.').map(Number)
  const [neededMajor = 0, neededMinor = 0] = than.split('.').map(Number)
  return major < neededMajor || (major === neededMajor && minor < neededMinor)
}

function placeOfModem({ modem }: Dockerode): Place {
  const { socketPath, host, port } = modem as unknown as { socketPath?: string; host: string; port: string }
  return socketPath === undefined ? { host, port: Number(port || 80) } : { path: socketPath }
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const stop = new AbortController()
  const late = sleep(ms, undefined, { signal: stop.signal, ref: false }).then(() => {
    throw new Error(`no answer within ${ms / 1000} s`)
  })
  late.catch(() => {})
  try {
    return await Promise.race([promise, late])
  } finally {
    stop.abort()
  }
}
