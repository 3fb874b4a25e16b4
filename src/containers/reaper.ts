import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type Dockerode from 'dockerode'
import { ChaosError } from '../errors.ts'
import type { Daemon } from './daemon.ts'
import { daemonStatus, daemonWords, wayOutOf } from './daemon-words.ts'
import { frames } from './output-frames.ts'
import { REAPER_LABEL, RUN_LABEL } from './run-network.ts'

const PORT = 8080
const ANSWER_WITHIN_MS = 10_000
const CONNECT_POLL_MS = 20
const RECONNECT_MS = 200
/** It removes what there is so long after the connection has ended: the daemon may still be at something that was asked for. */
const RECONNECTION_S = 5
/** Without a connection it has nothing to remove, and goes. */
const FIRST_CONNECTION_S = 10

/** Removes what a run has made when the run is gone. `removeRun` removes it, too. */
export interface Reaper {
  /** Lets go of it, before it is removed. */
  release(): void
}

/**
 * Starts a container that holds one end of a connection, of which we hold the other, and removes everything that bears the
 * label of the run when that has ended: the only one left to do so where all processes of the run are killed together.
 *
 * testcontainers has one for all processes that use it, which goes on while any of them lives. This one is for one run: a
 * reaper of testcontainers, or ours, which speak the same protocol.
 *
 * @param image - one that is there
 * @param env - of testcontainers' settings, `TESTCONTAINERS_RYUK_PRIVILEGED`
 * @throws ChaosError `environment` with its last words; the signal's reason on an abort
 */
export async function startReaper(
  daemon: Daemon,
  run: string,
  image: string,
  { env, signal }: { env: NodeJS.ProcessEnv; signal: AbortSignal },
): Promise<Reaper> {
  try {
    const container = await daemon.dockerode.createContainer(specOf(daemon, run, image, env))
    const output = await container.attach({ stream: true, stdout: true, stderr: true })
    const said: Buffer[] = []
    let isOver = false
    const over = () => {
      isOver = true
    }
    output.on('data', (chunk: Buffer) => said.push(chunk))
    output.on('end', over).on('close', over).on('error', over)
    await container.start()
    const place = { host: daemon.host, port: await publishedPort(container) }
    const socket = await connected(place, run, () => isOver || signal.aborted)
    ;(output as Duplex).destroy()
    if (socket) return holding(socket, place, run)
    signal.throwIfAborted()
    const lines = Buffer.concat([...frames(Buffer.concat(said))])
      .toString()
      .split('\n')
      .filter((line) => line.trim() !== '')
    throw new ChaosError('environment', `the reaper, a container of ${image}, ${isOver ? 'ended at once' : 'does not answer'}`, {
      hint: WITHOUT,
      detail: lines.slice(-8),
    })
  } catch (cause) {
    if (cause instanceof ChaosError) throw cause
    signal.throwIfAborted()
    const words = daemonWords(cause)
    throw new ChaosError('environment', `the reaper did not start as a container of ${image}: ${words}`, {
      hint: wayOutOf(words).hint ?? WITHOUT,
      cause,
    })
  }
}

const WITHOUT =
  'it removes what a killed run leaves in Docker. RYUK_CONTAINER_IMAGE names another image of it; TESTCONTAINERS_RYUK_DISABLED=true does ' +
  'without: then a process on this machine does so, as long as it is not killed, too'

function specOf(daemon: Daemon, run: string, image: string, env: NodeJS.ProcessEnv): Dockerode.ContainerCreateOptions {
  return {
    Image: image,
    // It must not remove itself first; nor may testcontainers take it for the one that its processes share.
    Labels: { [REAPER_LABEL]: run, 'org.testcontainers.ryuk': 'false' },
    Env: [`RYUK_CONNECTION_TIMEOUT=${FIRST_CONNECTION_S}s`, `RYUK_RECONNECTION_TIMEOUT=${RECONNECTION_S}s`],
    ExposedPorts: { [`${PORT}/tcp`]: {} },
    HostConfig: {
      AutoRemove: true,
      Binds: [`${daemon.socketPath}:/var/run/docker.sock`],
      PortBindings: { [`${PORT}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: '' }] },
      ...(env.TESTCONTAINERS_RYUK_PRIVILEGED === 'true' ? { Privileged: true } : {}),
    },
  }
}

/** @returns NaN where it has ended, and is removed. */
async function publishedPort(container: Dockerode.Container): Promise<number> {
  try {
    const { NetworkSettings } = await container.inspect()
    return Number(NetworkSettings.Ports[`${PORT}/tcp`]?.[0]?.HostPort)
  } catch (error) {
    if (daemonStatus(error) === 404) return Number.NaN
    throw error
  }
}

interface Place {
  host: string
  port: number
}

/** @returns a connection by which it knows the run, once it says that it does; undefined where that does not come. */
async function connected(place: Place, run: string, isDone: () => boolean): Promise<Socket | undefined> {
  const deadline = performance.now() + ANSWER_WITHIN_MS
  while (place.port > 0 && !isDone() && performance.now() < deadline) {
    const socket = await introduced(place, run, deadline - performance.now())
    if (socket) return socket
    await sleep(CONNECT_POLL_MS)
  }
  return undefined
}

/** Docker accepts connections to a published port before the program in the container listens, and drops them. */
function introduced(place: Place, run: string, withinMs: number): Promise<Socket | undefined> {
  return new Promise((done) => {
    const socket = connect(place, () => socket.write(`label=${RUN_LABEL}=${run}\n`))
    const fail = () => {
      clearTimeout(timer)
      socket.destroy()
      done(undefined)
    }
    const timer = setTimeout(fail, withinMs)
    socket.once('error', fail).once('close', fail)
    socket.once('data', () => {
      clearTimeout(timer)
      socket.off('error', fail).off('close', fail)
      done(socket)
    })
  })
}

/** Keeps the connection up: whatever ends it in between, a firewall that is loaded anew for instance, is not the end of the run. */
function holding(first: Socket, place: Place, run: string): Reaper {
  let socket = first
  let isReleased = false
  const hold = () => {
    // The answers are of no interest; nor is the connection a reason for the process to stay.
    socket.unref().resume()
    socket.on('error', () => {})
    socket.once('close', () => void reconnect())
  }
  const reconnect = async () => {
    for (let tries = 0; tries < (RECONNECTION_S * 1000) / RECONNECT_MS && !isReleased; tries++) {
      const again = await introduced(place, run, RECONNECT_MS)
      if (again) {
        socket = again
        return isReleased ? void socket.destroy() : hold()
      }
      await sleep(RECONNECT_MS, undefined, { ref: false })
    }
  }
  hold()
  return {
    release() {
      isReleased = true
      socket.destroy()
    },
  }
}
