import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Address, type Addresses, replicaKey } from '../envoy/addresses.ts'
import { buildBootstrap } from '../envoy/bootstrap.ts'
import { runtimeValues } from '../envoy/fault-filter.ts'
import { renderBootstrap } from '../envoy/render.ts'
import { ChaosError } from '../errors.ts'
import type { Plan, PlannedApp } from '../plan/plan.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { tellApp } from './app-environment.ts'
import { type AppProcess, startApp } from './app-process.ts'
import { PRIVATE, writing } from './disk.ts'
import { PortTaken, startEnvoy, validateConfiguration } from './envoy-process.ts'
import { freePorts } from './ports.ts'
import { type StubProcess, startStub } from './stub-process.ts'
import { lastLines } from './tail.ts'
import type { StartedTopology } from './topology.ts'

const HOST = '127.0.0.1'
const TRIES = 3
const SETTLE_WITHIN_MS = 3000

export interface ProcessRuntimeOptions {
  envoy: string
  /** Where configuration and logs go. */
  directory: string
  signal: AbortSignal
  /** What the app inherits. */
  env: NodeJS.ProcessEnv
  /** The chooser of ports; tests hand in one that chooses badly. */
  choosePorts?: typeof freePorts
}

/** The topology as child processes: the stubs first, then Envoy, then the app, each under a guard. */
export async function startProcesses(scenario: Scenario, plan: Plan, options: ProcessRuntimeOptions): Promise<StartedTopology> {
  const directory = resolve(options.directory)
  writing(directory, () => mkdirSync(join(directory, 'logs'), { recursive: true }))
  const stub = await startStub(plan.stubs, directory, options.signal)
  try {
    const { envoy, addresses } = await startEnvoyOnFreePorts(scenario, plan, stub, { ...options, directory })
    try {
      const app = plan.app && (await startAppAt(plan.app, addresses, scenario.folder, { ...options, directory }))
      return new ProcessTopology(plan, addresses, { stub, envoy, app }, directory)
    } catch (error) {
      envoy.admin.close()
      await envoy.guarded.stop()
      throw error
    }
  } catch (error) {
    await stub.guarded.stop()
    throw error
  }
}

interface StartedApp extends AppProcess {
  address: Address
}

async function startAppAt(app: PlannedApp, addresses: Addresses, cwd: string, options: ProcessRuntimeOptions): Promise<StartedApp> {
  const port = app.port ?? ((await (options.choosePorts ?? freePorts)(HOST, 1))[0] as number)
  const address = { host: HOST, port }
  const place = { address, ...tellApp(app, address, addresses, options.env), cwd, log: appLog(options.directory) }
  return { address, ...(await startApp(app, place, options.signal)) }
}

const appLog = (directory: string) => join(directory, 'logs', 'app.log')

async function startEnvoyOnFreePorts(scenario: Scenario, plan: Plan, stub: StubProcess, options: ProcessRuntimeOptions) {
  const files = { config: join(options.directory, 'envoy.yaml'), log: join(options.directory, 'logs', 'envoy.log') }
  for (let attempt = 1; ; attempt++) {
    const addresses = await chooseAddresses(scenario, plan, stub, options)
    const config = renderBootstrap(buildBootstrap(scenario, plan, addresses), scenario, plan)
    writing(files.config, () => writeFileSync(files.config, config, { mode: PRIVATE }))
    if (attempt === 1) await validateConfiguration(options.envoy, files.config, options.signal)
    try {
      return { envoy: await startEnvoy(options.envoy, files, addresses.admin, options.signal), addresses }
    } catch (error) {
      if (!(error instanceof PortTaken)) throw error
      if (attempt === TRIES) {
        throw new ChaosError('environment', `Envoy found a port taken, ${TRIES} times with ports that were free just before`, {
          detail: lastLines(files.log),
          hint: 'another program takes ports of the range for outgoing connections very fast; run again, or free some',
        })
      }
    }
  }
}

async function chooseAddresses(scenario: Scenario, plan: Plan, stub: StubProcess, options: ProcessRuntimeOptions): Promise<Addresses> {
  const clusters = Object.keys(scenario.upstreams)
  const keys = plan.stubs.servers.map((server) => replicaKey(server.cluster, server.replica))
  const ports = await (options.choosePorts ?? freePorts)(HOST, 2 + clusters.length + keys.length)
  const next = () => ({ host: HOST, port: ports.shift() as number })
  const logs = join(options.directory, 'logs')
  return {
    admin: next(),
    shared: next(),
    egress: Object.fromEntries(clusters.map((cluster) => [cluster, next()])),
    hops: Object.fromEntries(keys.map((key) => [key, next()])),
    stubs: Object.fromEntries(keys.map((key, i) => [key, stub.addresses[i] as { host: string; port: number }])),
    logs: { egress: join(logs, 'egress.ndjson'), attempts: join(logs, 'attempts.ndjson'), hop: join(logs, 'hop.ndjson') },
  }
}

interface Processes {
  stub: StubProcess
  envoy: Awaited<ReturnType<typeof startEnvoy>>
  app: StartedApp | undefined
}

class ProcessTopology implements StartedTopology {
  readonly entrance: Address
  readonly death: AbortSignal
  readonly #plan: Plan
  readonly #addresses: Addresses
  readonly #stub: StubProcess
  readonly #envoy: Processes['envoy']
  readonly #app: StartedApp | undefined
  #stopping = false

  constructor(plan: Plan, addresses: Addresses, { stub, envoy, app }: Processes, directory: string) {
    this.#plan = plan
    this.#addresses = addresses
    this.#stub = stub
    this.#envoy = envoy
    this.#app = app
    this.entrance = app?.address ?? addresses.shared
    const death = new AbortController()
    this.death = death.signal
    const watch = (what: string, exited: Promise<number>, log: string) =>
      exited.then((code) => {
        if (this.#stopping) return
        death.abort(new ChaosError('environment', `${what} ended during the run, with code ${code}`, { detail: lastLines(log) }))
      })
    void watch('Envoy', envoy.guarded.exited, join(directory, 'logs', 'envoy.log'))
    void watch('the stub upstreams', stub.guarded.exited, stub.errorLog)
    if (app) void watch('the app', app.exited, appLog(directory))
  }

  async setFaults(ids: readonly string[]) {
    const on = this.#plan.faults.filter((fault) => ids.includes(fault.id))
    await this.#envoy.admin.setRuntime(runtimeValues(this.#plan.faults, on))
  }

  stats() {
    return this.#envoy.admin.stats()
  }

  async settle() {
    const deadline = performance.now() + SETTLE_WITHIN_MS
    while (performance.now() < deadline && !this.death.aborted) {
      const [stats, active] = await Promise.all([this.stats(), this.#stub.active()])
      const inEnvoy = Object.entries(stats).some(
        ([name, value]) => value > 0 && /^http\.(shared|egress_.*|hop_.*)\.downstream_rq_active$/.test(name),
      )
      if (!inEnvoy && active === 0) return
      await sleep(20)
    }
  }

  async collect() {
    // A dead Envoy or stub wrote what it wrote; the rest of the evidence is still worth keeping.
    const [, flushed] = await Promise.allSettled([this.#envoy.admin.flushLogs(), this.#stub.flush()])
    await sleep(20)
    const { egress, attempts, hop } = this.#addresses.logs
    const journal = join(resolve(egress, '..'), 'stub.ndjson')
    const [egressText, attemptsText, hopText, journalText] = [egress, attempts, hop, journal].map(readLog) as [
      string,
      string,
      string,
      string,
    ]
    const journalLines = flushed.status === 'fulfilled' ? flushed.value : journalText.split('\n').length - 1
    return { egress: egressText, attempts: attemptsText, hop: hopText, journal: journalText, journalLines }
  }

  async stop() {
    this.#stopping = true
    this.#envoy.admin.close()
    // It may have something to say to Envoy before it ends.
    await this.#app?.end()
    await Promise.all([this.#envoy.guarded.stop(), this.#stub.guarded.stop()])
  }
}

/** A log that was never begun is an empty one. */
function readLog(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}
