import { randomBytes } from 'node:crypto'
import { appendFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { unpacked } from '../containers/archive.ts'
import type { RunningContainer } from '../containers/container.ts'
import type { Daemon } from '../containers/daemon.ts'
import { daemonWords } from '../containers/daemon-words.ts'
import { assureEnd } from '../containers/run-end.ts'
import { createNetwork, RUN_LABEL } from '../containers/run-network.ts'
import { type Address, replicaKey } from '../envoy/addresses.ts'
import { buildBootstrap } from '../envoy/bootstrap.ts'
import { renderBootstrap } from '../envoy/render.ts'
import { ChaosError } from '../errors.ts'
import { containerLog } from '../plan/containers.ts'
import type { ContainerSource, Plan } from '../plan/plan.ts'
import type { Scenario } from '../scenario/scenario.ts'
import {
  addressesInside,
  controlInside,
  doorsBeside,
  ENVOY_ALIAS,
  portsToPublish,
  STUBS_CONTROL_PORT,
  stubPorts,
  stubsBeside,
} from './container-places.ts'
import { PRIVATE, writing } from './disk.ts'
import { type EnvoyContainer, startEnvoyContainer } from './envoy-container.ts'
import { hostAppLog, startHostApp } from './host-app.ts'
import { freePorts } from './ports.ts'
import { RunningTopology } from './running.ts'
import { type StubContainer, startStubContainer } from './stub-container.ts'
import { lastLines } from './tail.ts'
import type { RunPlace, StartedTopology } from './topology.ts'
import { startAppContainer, startUserContainer, type UserContainer } from './user-container.ts'
import { userImages } from './user-images.ts'

const END_KNOWN_WITHIN_MS = 1000
/** What Docker and runc say where the network to join is gone. */
const JOINING = /network|namespace|child's PID/i

export interface DockerRuntimeOptions extends RunPlace {
  daemon: Daemon
  /** `reaper` is null to do without. */
  images: { envoy: string; stub: string; reaper: string | null }
  /** The stub in its image. */
  stubProgram: string
  /** What names of images and build arguments may hold. */
  variables: Readonly<Record<string, string | undefined>>
  /** Called while an image of the user's is pulled or built. */
  onProgress?(text: string): void
}

/**
 * The topology as containers on a network of the run's own: Envoy and a stub for each upstream, which share one place on it,
 * each replica of a real server, and the app. An app that is a command runs on this machine.
 */
export async function startContainers(scenario: Scenario, plan: Plan, given: DockerRuntimeOptions): Promise<StartedTopology> {
  const options = { ...given, directory: resolve(given.directory) }
  const { daemon, images, directory, env, signal } = options
  const logs = join(directory, 'logs')
  writing(logs, () => mkdirSync(logs, { recursive: true }))
  const run = randomBytes(6).toString('hex')
  const labels = { [RUN_LABEL]: run }
  /** Containers of the user's, from when they start. */
  const own: UserContainer[] = []
  const ending = assureEnd(daemon, run, { reaper: images.reaper, env, signal })
  const clearAway = async () => {
    // What they say at their end is told too.
    await Promise.all(own.map((one) => save([one], join(logs, one.log)))).catch(() => {})
    await ending.end()
  }
  try {
    const imageOf = await userImages(daemon, scenario, plan, run, { ...options, folder: scenario.folder, labels })
    const network = await createNetwork(daemon, run)
    const { envoy, stubs, holder } = await startAll(scenario, plan, { network, labels, imageOf, own }, options)
    await Promise.all([ending.assured, ...[envoy, ...stubs, ...own].map((one) => one.ready(signal))])
    const inside = addressesInside(scenario, {})
    const at = ({ port }: Address): Address => ({ host: daemon.host, port: holder.published(port) })
    const reached = () => ({
      shared: at(inside.shared),
      egress: Object.fromEntries(Object.entries(inside.egress).map(([name, address]) => [name, at(address)])),
    })
    const servers = [...own]
    const image = plan.app?.container && imageOf(plan.app.container)
    const app =
      plan.app &&
      (image === undefined
        ? await startHostApp(plan.app, reached(), scenario.folder, { ...options, choosePorts: freePorts })
        : await startAppContainer(daemon, { image, network, labels }, plan.app, scenario, own, signal))
    const lastOfApp = () => own[servers.length]?.lastLines() ?? lastLines(hostAppLog(directory))
    return new RunningTopology(plan, {
      entrance: app?.address ?? at(inside.shared),
      admin: envoy.admin,
      parts: [
        { what: 'Envoy', exited: envoy.exited, lastLines: () => envoy.lastLines() },
        ...[...stubs, ...servers].map((one) => ({ what: one.what, exited: one.exited, lastLines: () => one.lastLines() })),
      ],
      app: app && { what: 'the app', exited: app.exited, lastLines: lastOfApp, end: () => app.end() },
      doors: stubs.map((stub) => stub.doors),
      async active() {
        const each = await Promise.all(stubs.map((stub) => stub.active()))
        return each.reduce((sum, active) => sum + active, 0)
      },
      // An app may have something to say to Envoy before it ends.
      flushLogs: (isOver) => collect(envoy, stubs, logs, app ? undefined : isOver),
      end: clearAway,
    })
  } catch (error) {
    // What that does not remove, the watcher does when we are gone; why we end says more.
    await clearAway().catch(() => {})
    throw error
  }
}

interface Shared {
  network: string
  labels: Readonly<Record<string, string>>
  imageOf(source: ContainerSource): string
  /** Gets what is started of the user's. */
  own: UserContainer[]
}

/**
 * One container has a place on the network, and the ports that this machine needs; Envoy and the stubs share both, as in a
 * pod: a network of its own for each would take Docker three times as long. A stub has it, since it can start before
 * Envoy's configuration is in place.
 *
 * When one fails, the others are waited for, so that nothing is made after it is cleared away.
 */
async function startAll(scenario: Scenario, plan: Plan, { network, labels, imageOf, own }: Shared, options: DockerRuntimeOptions) {
  const { daemon, images, directory, signal } = options
  const { servers } = plan.stubs
  const byCluster = [...Map.groupBy(servers, ({ cluster }) => cluster)]
  const clusters = byCluster.map(([cluster]) => cluster)
  const ports = stubPorts(servers)
  const inside = addressesInside(scenario, {})
  const holderMade = Promise.withResolvers<string>()
  const holderRuns = Promise.withResolvers<RunningContainer>()
  for (const { promise } of [holderMade, holderRuns]) promise.catch(() => {})
  const asHolder = {
    // Not the names of the clusters alone: one may be called as Envoy is.
    network: { name: network, aliases: [ENVOY_ALIAS, ...clusters.map((cluster) => `stub-${cluster}`)] },
    ports: portsToPublish(plan, inside),
    onMade: holderMade.resolve,
  }
  const place = async (isHolder: boolean) =>
    isHolder ? asHolder : { network: { of: await holderMade.promise }, ports: [], startsAfter: holderRuns.promise }
  const control = holderRuns.promise.then((holder) => ({ host: daemon.host, port: holder.published(STUBS_CONTROL_PORT) }))
  control.catch(() => {})

  const stubsStart = byCluster.map(async ([, servers], i) =>
    startStubContainer(daemon, { image: images.stub, labels, ...(await place(i === 0)) }, servers, options.stubProgram, ports, control),
  )
  const serversStart = plan.containers.map(async (planned, i) => {
    const key = replicaKey(planned.cluster, planned.replica)
    const spec = { what: key, image: imageOf(planned.source), labels, network: { name: network, aliases: [`upstream-${i + 1}`] } }
    const server = await startUserContainer(daemon, spec, planned, containerLog(planned))
    own.push(server)
    return [key, { host: server.address(), port: planned.port }] as const
  })
  const configure = async () => {
    const real = Object.fromEntries(await Promise.all(serversStart))
    signal.throwIfAborted()
    const places = {
      ...addressesInside(scenario, { ...stubsBeside(servers, ports), ...real }),
      doors: doorsBeside(servers, ports),
      ...(clusters.length > 0 && { control: controlInside(clusters, ports) }),
    }
    const config = renderBootstrap(buildBootstrap(scenario, plan, places), scenario, plan)
    const kept = join(directory, 'envoy.yaml')
    writing(kept, () => writeFileSync(kept, config, { mode: PRIVATE }))
    return { config, kept }
  }
  const startEnvoy = async () => {
    // What is loaded then keeps this process busy.
    const isHolder = clusters.length === 0
    const spec = { image: images.envoy, labels, onStarting: () => options.onStarted?.(), ...(await place(isHolder)) }
    return await startEnvoyContainer(daemon, spec, isHolder ? undefined : holderRuns.promise, inside.admin.port, configure)
  }
  const envoyStarts = startEnvoy()
  const holder: Promise<RunningContainer> = stubsStart[0] ?? envoyStarts
  holder.then(holderRuns.resolve, (error) => {
    holderMade.reject(error)
    holderRuns.reject(error)
  })

  const settled = await Promise.allSettled([...serversStart, ...stubsStart, envoyStarts])
  const failed = settled.find((one) => one.status === 'rejected')
  if (failed) throw (JOINING.test((failed.reason as Error).message) && (await endOf(stubsStart[0]))) || failed.reason
  signal.throwIfAborted()
  return { stubs: await Promise.all(stubsStart), envoy: await envoyStarts, holder: await holder }
}

/** What a stub says that has ended: those who wanted to join its network only say that it does not run. */
async function endOf(starting: Promise<StubContainer> | undefined): Promise<ChaosError | undefined> {
  const stub = await starting?.catch(() => undefined)
  if (stub === undefined) return undefined
  const code = await Promise.race([stub.exited.catch(() => undefined), sleep(END_KNOWN_WITHIN_MS, undefined, { ref: false })])
  if (code === undefined) return undefined
  return new ChaosError('environment', `${stub.what} ended with code ${code} before it was ready`, { detail: await stub.lastLines() })
}

/**
 * What is dead wrote what it wrote, and its container is still there to be read. Where one part cannot be had, the others
 * are all the same.
 * @param isOver - to be called where they may end as soon as they have written all; undefined where they may not
 * @returns how many lines the stubs say they wrote
 */
async function collect(
  envoy: EnvoyContainer,
  stubs: readonly StubContainer[],
  logs: string,
  isOver: (() => void) | undefined,
): Promise<number | null> {
  // The way to the stubs goes through Envoy.
  const [asked, isWritten] = await Promise.all([askJournals(stubs, join(logs, 'stub.ndjson')), envoy.admin.flushLogs().catch(() => false)])
  // One that did not answer has perhaps died, which is to be seen.
  if (isOver && isWritten && asked.dumb.length === 0) {
    isOver()
    // Docker does so while it copies the logs of Envoy.
    for (const stub of stubs) void stub.kill()
  }
  const parts = [
    envoy.collect(logs),
    save([envoy], join(logs, 'envoy.log')),
    save(stubs, join(logs, 'stub.log')),
    appendLeft(asked.dumb, join(logs, 'stub.ndjson')),
  ]
  await Promise.allSettled(parts)
  try {
    await Promise.all(parts)
  } catch (cause) {
    if (cause instanceof ChaosError) throw cause
    throw new ChaosError('environment', `the logs of the run cannot be copied out of its containers: ${daemonWords(cause)}`, {
      hint: 'without them nothing can be said of the run: was a container removed, or is the disk full?',
      cause,
    })
  }
  return asked.dumb.length === 0 ? asked.lines : null
}

/**
 * Asks the stubs for their journals, one after the other, since they go into one file: Docker takes 0.1 s to copy each.
 * @returns how many lines came, and the stubs that could not be asked, of which the file has nothing
 */
async function askJournals(stubs: readonly StubContainer[], file: string): Promise<{ lines: number; dumb: StubContainer[] }> {
  writing(file, () => writeFileSync(file, ''))
  const dumb: StubContainer[] = []
  let lines = 0
  let bytes = 0
  for (const stub of stubs) {
    let more = 0
    try {
      lines += await stub.journal((piece) => {
        writing(file, () => appendFileSync(file, piece))
        more += piece.length
      })
      bytes += more
    } catch {
      writing(file, () => truncateSync(file, bytes))
      dumb.push(stub)
    }
  }
  return { lines, dumb }
}

async function appendLeft(stubs: readonly StubContainer[], file: string): Promise<void> {
  let failure: { cause: unknown } | undefined
  for (const stub of stubs) {
    try {
      await append(await stub.leftJournal(), file)
    } catch (cause) {
      failure ??= { cause }
    }
  }
  if (failure) throw failure.cause
}

async function append(archive: NodeJS.ReadableStream, file: string): Promise<void> {
  await unpacked(archive, async (_, content) => {
    for await (const chunk of content) writing(file, () => appendFileSync(file, chunk as Buffer))
  })
}

/** One after the other, into one file. */
async function save(containers: readonly RunningContainer[], path: string): Promise<void> {
  writing(path, () => writeFileSync(path, ''))
  for (const container of containers) for await (const piece of await container.output()) writing(path, () => appendFileSync(path, piece))
}
