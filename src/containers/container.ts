import { setTimeout as sleep } from 'node:timers/promises'
import type Dockerode from 'dockerode'
import type { WaitStrategy } from 'testcontainers'
import { ChaosError } from '../errors.ts'
import { type ContainerFile, packed } from './archive.ts'
import type { Daemon } from './daemon.ts'
import { daemonWords, wayOutOf } from './daemon-words.ts'
import { frames } from './output-frames.ts'

const LOOPBACK = '127.0.0.1'

export interface ContainerSpec {
  /** For messages: `Envoy`. */
  what: string
  /** Of an image that is there. */
  image: string
  /** The user network that it is on, and its name there. */
  network: string
  alias: string
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
  /** Called when it has its address on the network, which is while it starts: what needs to know no more can go on. */
  onAddress?: ((address: string) => void) | undefined
}

export interface RunningContainer {
  /** Its address on the network. */
  address: string
  /** Where the port is published on this machine. @throws when it was not asked for */
  published(port: number): number
  /** Resolves when it has ended: its exit code. */
  exited: Promise<number>
  /** The last lines of stdout and stderr. */
  lastLines(count?: number): Promise<string[]>
  /** stdout and stderr together, so far. */
  said(): Promise<string>
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
  const began = Promise.withResolvers<{ container: Dockerode.Container; exited: Promise<number> }>()

  class Container extends GenericContainer {
    protected override async beforeContainerCreated() {
      // In the same step as it is made: connected later, it would be on the default network, too.
      this.createOpts.NetworkingConfig = { EndpointsConfig: { [spec.network]: { Aliases: [spec.alias] } } }
      if (spec.stdin !== undefined) Object.assign(this.createOpts, { OpenStdin: true, StdinOnce: true })
      // A user network publishes on all addresses of the machine by itself.
      for (const bindings of Object.values(this.hostConfig.PortBindings as Record<string, { HostIp?: string }[]>))
        for (const binding of bindings) binding.HostIp = LOOPBACK
    }

    protected override async containerCreated(id: string) {
      const container = daemon.dockerode.getContainer(id)
      const files = await spec.files()
      if (spec.stdin !== undefined) (await container.attach({ stream: true, stdin: true, hijack: true })).end(spec.stdin)
      if (files.length > 0) await container.putArchive(packed(files), { path: '/' })
      const exited = container.wait({ condition: 'next-exit' }).then(({ StatusCode }: { StatusCode: number }) => StatusCode)
      exited.catch(() => {})
      began.resolve({ container, exited })
      if (spec.onAddress) void tellAddress(daemon, spec.network, id, starting, spec.onAddress)
    }
  }

  const made = new Container(spec.image)
    // What is there was looked for before; a pull here would show no progress.
    .withPullPolicy(PullPolicy.neverPull())
    .withAutoCleanup(false)
    .withNetworkMode(spec.network)
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
    return running(container, exited, first.getIpAddress(spec.network), (port) => first.getMappedPort(port))
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

const ADDRESS_POLL_MS = 15

/** Of the network, since the daemon tells nothing of a container while it starts it. */
async function tellAddress(daemon: Daemon, network: string, id: string, starting: Promise<unknown>, tell: (address: string) => void) {
  let over = false
  const end = () => {
    over = true
  }
  starting.then(end, end)
  while (!over) {
    const address = await addressOf(daemon, network, id).catch(() => undefined)
    if (address !== undefined) return tell(address)
    await sleep(ADDRESS_POLL_MS)
  }
}

async function addressOf({ dockerode }: Daemon, network: string, id: string): Promise<string | undefined> {
  const { Containers } = (await dockerode.getNetwork(network).inspect()) as { Containers?: Record<string, { IPv4Address: string }> }
  return Containers?.[id]?.IPv4Address.split('/', 1)[0] || undefined
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
  address: string,
  published: (port: number) => number,
): RunningContainer {
  return {
    address,
    published,
    exited,
    lastLines: (count) => lastLines(container, count),
    said: () => said(container),
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
