import type Dockerode from 'dockerode'
import type { WaitStrategy } from 'testcontainers'
import { ChaosError } from '../errors.ts'
import { type ContainerFile, packed } from './archive.ts'
import type { Daemon } from './daemon.ts'
import { daemonWords, wayOutOf } from './daemon-words.ts'
import { frames, unframed } from './output-frames.ts'

const LOOPBACK = '127.0.0.1'
const ASKED_WITHIN_MS = 10

export interface ContainerSpec {
  /** For messages: `Envoy`. */
  what: string
  /** Of an image that is there. */
  image: string
  /** The user network that it is on, and its names there; or a container that runs, whose addresses and ports are its own. */
  network: { name: string; aliases: readonly string[] } | { of: string }
  labels: Readonly<Record<string, string>>
  /** In place of that of the image; undefined: that. */
  command?: readonly string[] | undefined
  env?: Readonly<Record<string, string>> | undefined
  /** Inside; each is published on a free port of 127.0.0.1. */
  ports: readonly number[]
  /** Asked for when the container is made and before it starts, so that what they wait for can start meanwhile. */
  files(): Promise<readonly ContainerFile[]> | readonly ContainerFile[]
  /** Written to its standard input, which ends then. */
  stdin?: string | undefined
  /** It is made at once, and starts when this has come. */
  startsAfter?: Promise<unknown> | undefined
  /** Called when it is made, which is before `files`. */
  onMade?: ((id: string) => void) | undefined
  /** Called when the daemon has been asked to start it, which takes a while. */
  onStarting?: (() => void) | undefined
}

export interface RunningContainer {
  /** Its address on the network. @throws where it is on none */
  address(): string
  /** Where the port is published on this machine. @throws when it was not asked for */
  published(port: number): number
  /** Resolves when it has ended: its exit code. */
  exited: Promise<number>
  /** The last lines of stdout and stderr. */
  lastLines(count?: number): Promise<string[]>
  /** stdout and stderr together, so far; as a text. */
  said(): Promise<string>
  /** The same, piece by piece: it may be more than fits the memory. */
  output(): Promise<AsyncIterable<Buffer>>
  /** SIGKILL; what it wrote can be read all the same. Resolves when the daemon has done so, or has nothing to kill. */
  kill(): Promise<void>
  /** SIGTERM, and SIGKILL for what is left so many seconds later; resolves when it has ended. */
  end(seconds: number): Promise<void>
  /** An archive of what lies there, also when it has ended. */
  read(path: string): Promise<NodeJS.ReadableStream>
}

/**
 * Makes and starts a container; does not wait for the program in it. Whoever asks removes it, by its labels, whether or
 * not this succeeds.
 * @throws ChaosError `environment` with what the daemon, or the program that ended at once, says
 */
export async function startContainer(daemon: Daemon, spec: ContainerSpec): Promise<RunningContainer> {
  const { GenericContainer, PullPolicy } = await import('testcontainers')
  const { network } = spec
  const began = Promise.withResolvers<{ container: Dockerode.Container; exited: Promise<number> }>()

  class Container extends GenericContainer {
    protected override async beforeContainerCreated() {
      // In the same step as it is made: connected later, it would be on the default network, too.
      if ('name' in network) this.createOpts.NetworkingConfig = { EndpointsConfig: { [network.name]: { Aliases: [...network.aliases] } } }
      if (spec.stdin !== undefined) Object.assign(this.createOpts, { OpenStdin: true, StdinOnce: true })
      // A user network publishes on all addresses of the machine by itself.
      for (const bindings of Object.values(this.hostConfig.PortBindings as Record<string, { HostIp?: string }[]>))
        for (const binding of bindings) binding.HostIp = LOOPBACK
    }

    protected override async containerCreated(id: string) {
      const container = daemon.dockerode.getContainer(id)
      spec.onMade?.(id)
      const files = await spec.files()
      if (spec.stdin !== undefined) (await container.attach({ stream: true, stdin: true, hijack: true })).end(spec.stdin)
      if (files.length > 0) await container.putArchive(packed(files), { path: '/' })
      await spec.startsAfter
      const exited = container.wait({ condition: 'next-exit' }).then(({ StatusCode }: { StatusCode: number }) => StatusCode)
      exited.catch(() => {})
      began.resolve({ container, exited })
      // When this returns testcontainers asks for the start.
      if (spec.onStarting) setTimeout(spec.onStarting, ASKED_WITHIN_MS)
    }
  }

  const made = new Container(spec.image)
    // What is there was looked for before; a pull here would show no progress.
    .withPullPolicy(PullPolicy.neverPull())
    .withAutoCleanup(false)
    .withNetworkMode('of' in network ? `container:${network.of}` : network.name)
    .withLabels({ ...spec.labels })
    .withEnvironment({ ...spec.env })
    .withExposedPorts(...spec.ports)
    .withWaitStrategy(AT_ONCE)
  if (spec.command) made.withCommand([...spec.command])
  const starting = made.start()
  starting.catch(began.reject)
  try {
    const { container, exited } = await began.promise
    // It waits for ports that nobody will have where the program has ended.
    const first = await Promise.race([starting, exited])
    if (typeof first === 'number') throw await endedAtOnce(spec, container, first)
    const address = () => first.getIpAddress('name' in network ? network.name : '')
    return running(container, exited, address, (port) => first.getMappedPort(port))
  } catch (cause) {
    starting.catch(() => {})
    if (cause instanceof ChaosError) throw cause
    const words = daemonWords(cause)
    throw new ChaosError('environment', `${spec.what} did not start as a container of ${spec.image}: ${words}`, {
      ...wayOutOf(words),
      cause,
    })
  }
}

/** Readiness is asked for elsewhere, every few milliseconds. */
const AT_ONCE: WaitStrategy = {
  waitUntilReady: () => Promise.resolve(),
  withStartupTimeout: () => AT_ONCE,
  isStartupTimeoutSet: () => true,
  getStartupTimeout: () => 0,
}

function running(
  container: Dockerode.Container,
  exited: Promise<number>,
  address: () => string,
  published: (port: number) => number,
): RunningContainer {
  return {
    address,
    published,
    exited,
    lastLines: (count) => lastLines(container, count),
    said: () => said(container),
    output: () => output(container),
    async kill() {
      await container.kill().catch(() => {})
    },
    async end(seconds) {
      // One that has ended, or is gone, is what was asked for.
      await container.stop({ t: seconds }).catch(() => {})
    },
    read: (path) => container.getArchive({ path }),
  }
}

async function endedAtOnce({ what, image }: ContainerSpec, container: Dockerode.Container, code: number): Promise<ChaosError> {
  return new ChaosError('environment', `${what}, a container of ${image}, ended with code ${code} at once`, {
    detail: await lastLines(container),
  })
}

async function lastLines(container: Dockerode.Container, count = 8): Promise<string[]> {
  const text = await said(container, { tail: 4 * count }).catch(() => '')
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines.length === 0 ? ['(it said nothing)'] : lines.slice(-count).map((line) => line.slice(0, 500))
}

async function said(container: Dockerode.Container, options: { tail?: number } = {}): Promise<string> {
  const framed = await container.logs({ stdout: true, stderr: true, follow: false, ...options })
  return Buffer.concat([...frames(framed)]).toString()
}

/** dockerode reads whole logs into memory, if it does not go on to follow them. */
function output(container: Dockerode.Container): Promise<AsyncIterable<Buffer>> {
  const request = {
    path: `/containers/${container.id}/logs?`,
    method: 'GET',
    isStream: true,
    statusCodes: { 200: true, 404: 'no such container', 500: 'server error' },
    options: { stdout: true, stderr: true },
  }
  return new Promise((done, fail) => {
    container.modem.dial(request, (error: Error | null, stream: AsyncIterable<Buffer>) => (error ? fail(error) : done(unframed(stream))))
  })
}
