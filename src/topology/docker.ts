import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { RunningContainer } from '../containers/container.ts'
import type { Daemon } from '../containers/daemon.ts'
import { daemonWords } from '../containers/daemon-words.ts'
import { createNetwork, RUN_LABEL, removeRun } from '../containers/run-network.ts'
import { type Address, replicaKey } from '../envoy/addresses.ts'
import { buildBootstrap } from '../envoy/bootstrap.ts'
import { renderBootstrap } from '../envoy/render.ts'
import { ChaosError } from '../errors.ts'
import type { Plan } from '../plan/plan.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { addressesInside, portsToPublish, stubPort } from './container-places.ts'
import { PRIVATE, writing } from './disk.ts'
import { type EnvoyContainer, startEnvoyContainer } from './envoy-container.ts'
import { hostAppLog, startHostApp } from './host-app.ts'
import { freePorts } from './ports.ts'
import { RunningTopology } from './running.ts'
import { type StubContainer, startStubContainer } from './stub-container.ts'
import { lastLines } from './tail.ts'
import type { RunPlace, StartedTopology } from './topology.ts'

export interface DockerRuntimeOptions extends RunPlace {
  daemon: Daemon
  images: { envoy: string; stub: string }
  /** The stub in its image. */
  stubProgram: string
}

/** The topology as containers on a network of their own: Envoy in one, each upstream in one. An app that is a command runs on this machine. */
export async function startContainers(scenario: Scenario, plan: Plan, given: DockerRuntimeOptions): Promise<StartedTopology> {
  const options = { ...given, directory: resolve(given.directory) }
  const { daemon, directory, signal } = options
  const logs = join(directory, 'logs')
  writing(logs, () => mkdirSync(logs, { recursive: true }))
  const run = randomBytes(6).toString('hex')
  try {
    const { envoy, stubs } = await startAll(scenario, plan, run, options)
    await Promise.all([envoy, ...stubs].map((one) => one.ready(signal)))
    const inside = addressesInside(scenario, {})
    const at = ({ port }: Address): Address => ({ host: daemon.host, port: envoy.published(port) })
    const app =
      plan.app &&
      (await startHostApp(
        plan.app,
        {
          shared: at(inside.shared),
          egress: Object.fromEntries(Object.entries(inside.egress).map(([name, address]) => [name, at(address)])),
        },
        scenario.folder,
        { ...options, choosePorts: freePorts },
      ))
    return new RunningTopology(plan, {
      entrance: app?.address ?? at(inside.shared),
      admin: envoy.admin,
      parts: [
        { what: 'Envoy', exited: envoy.exited, lastLines: () => envoy.lastLines() },
        ...stubs.map((stub) => ({ what: stub.what, exited: stub.exited, lastLines: () => stub.lastLines() })),
        ...(app ? [{ what: 'the app', exited: app.exited, lastLines: () => lastLines(hostAppLog(directory)) }] : []),
      ],
      async active() {
        const each = await Promise.all(stubs.map((stub) => stub.active()))
        return each.reduce((sum, active) => sum + active, 0)
      },
      flushLogs: () => collect(envoy, stubs, logs),
      async end() {
        // It may have something to say to Envoy before it ends.
        await app?.end()
        await removeRun(daemon, run)
      },
    })
  } catch (error) {
    await removeRun(daemon, run)
    throw error
  }
}

/** All at the same time; when one fails, the others are waited for, so that nothing is made after it is cleared away. */
async function startAll(scenario: Scenario, plan: Plan, run: string, options: DockerRuntimeOptions & { directory: string }) {
  const { daemon, images, directory, signal } = options
  const network = await createNetwork(daemon, run)
  const labels = { [RUN_LABEL]: run }
  const byCluster = Object.values(Object.groupBy(plan.stubs.servers, ({ cluster }) => cluster))
  const stubsStart = byCluster.map((servers = []) =>
    startStubContainer(daemon, { image: images.stub, network, labels }, servers, options.stubProgram),
  )
  const inside = addressesInside(scenario, {})
  const envoyStarts = startEnvoyContainer(
    daemon,
    { image: images.envoy, network, labels },
    inside.admin,
    portsToPublish(plan, inside),
    async () => {
      const stubs = await Promise.all(stubsStart)
      signal.throwIfAborted()
      const found = byCluster.flatMap((servers = [], i) =>
        servers.map(({ cluster, replica }): [string, Address] => [
          replicaKey(cluster, replica),
          { host: (stubs[i] as StubContainer).address, port: stubPort(replica) },
        ]),
      )
      const config = renderBootstrap(buildBootstrap(scenario, plan, addressesInside(scenario, Object.fromEntries(found))), scenario, plan)
      const kept = join(directory, 'envoy.yaml')
      writing(kept, () => writeFileSync(kept, config, { mode: PRIVATE }))
      return { config, kept }
    },
  )
  options.onStarted?.()
  const settled = await Promise.allSettled([...stubsStart, envoyStarts])
  // Of the stubs first: Envoy waits for them.
  for (const one of settled) if (one.status === 'rejected') throw one.reason
  signal.throwIfAborted()
  return { stubs: await Promise.all(stubsStart), envoy: await envoyStarts }
}

/** What is dead wrote what it wrote, and its container is still there to be read. @returns how many lines the stubs say they wrote */
async function collect(envoy: EnvoyContainer, stubs: readonly StubContainer[], logs: string): Promise<number | null> {
  try {
    await envoy.admin.flushLogs().catch(() => {})
    await envoy.collect(logs)
    await save([envoy], join(logs, 'envoy.log'))
    await save(stubs, join(logs, 'stub.log'))
    let lines: number | null = 0
    for (const stub of stubs) {
      const counted = await stub.collect(join(logs, 'stub.ndjson'))
      lines = lines === null || counted === null ? null : lines + counted
    }
    return lines
  } catch (cause) {
    if (cause instanceof ChaosError) throw cause
    throw new ChaosError('environment', `the logs of the run cannot be copied out of its containers: ${daemonWords(cause)}`, {
      hint: 'without them nothing can be said of the run: was a container removed, or is the disk full?',
      cause,
    })
  }
}

async function save(containers: readonly RunningContainer[], path: string): Promise<void> {
  const said = await Promise.all(containers.map((container) => container.said()))
  writing(path, () => writeFileSync(path, said.join('')))
}
