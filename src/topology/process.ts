import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Address, Addresses } from '../envoy/addresses.ts'
import { runtimeValues } from '../envoy/fault-filter.ts'
import { ChaosError } from '../errors.ts'
import type { Plan, PlannedApp } from '../plan/plan.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { tellApp } from './app-environment.ts'
import { type AppProcess, startApp } from './app-process.ts'
import { writing } from './disk.ts'
import { freePorts } from './ports.ts'
import { startRunner } from './runner-process.ts'
import { type StubAndEnvoy, startStubAndEnvoy } from './stub-and-envoy.ts'
import { lastLines } from './tail.ts'
import type { StartedTopology } from './topology.ts'

const HOST = '127.0.0.1'
const SETTLE_WITHIN_MS = 3000
const SETTLE_POLL_MS = 5

export interface ProcessRuntimeOptions {
  envoy: string
  /** Where configuration and logs go. */
  directory: string
  signal: AbortSignal
  /** What the app inherits. */
  env: NodeJS.ProcessEnv
  /** The chooser of ports; tests hand in one that chooses badly. */
  choosePorts?: typeof freePorts
  /** Called when stubs and Envoy are started and not ready yet: time for what the run needs next. */
  onStarted?(): void
}

/** The topology as child processes, each under a guard: stubs and Envoy at the same time, then the app. */
export async function startProcesses(scenario: Scenario, plan: Plan, given: ProcessRuntimeOptions): Promise<StartedTopology> {
  const options = { choosePorts: freePorts, ...given, directory: resolve(given.directory) }
  writing(options.directory, () => mkdirSync(join(options.directory, 'logs'), { recursive: true }))
  const { stub, envoy, addresses } = await startStubAndEnvoy(scenario, plan, options)
  try {
    const app = plan.app && (await startAppAt(plan.app, addresses, scenario.folder, options))
    return new ProcessTopology(plan, addresses, { stub, envoy, app }, options.directory)
  } catch (error) {
    envoy.admin.close()
    await Promise.all([envoy.guarded.stop(), stub.guarded.stop()])
    throw error
  }
}

interface StartedApp extends AppProcess {
  address: Address
}

type AppOptions = ProcessRuntimeOptions & { choosePorts: typeof freePorts }

async function startAppAt(app: PlannedApp, addresses: Addresses, cwd: string, options: AppOptions): Promise<StartedApp> {
  if (app.runWithin !== undefined) {
    const place = { ...tellApp(app, { host: HOST, port: 0 }, addresses, options.env), cwd, log: appLog(options.directory) }
    return await startRunner(place, HOST, app.runWithin, options.signal)
  }
  const port = app.port ?? ((await options.choosePorts(HOST, 1))[0] as number)
  const address = { host: HOST, port }
  const place = { address, ...tellApp(app, address, addresses, options.env), cwd, log: appLog(options.directory) }
  return { address, ...(await startApp(app, place, options.signal)) }
}

const appLog = (directory: string) => join(directory, 'logs', 'app.log')

interface Processes extends Pick<StubAndEnvoy, 'stub' | 'envoy'> {
  app: StartedApp | undefined
}

class ProcessTopology implements StartedTopology {
  readonly entrance: Address
  readonly death: AbortSignal
  readonly #plan: Plan
  readonly #stub: Processes['stub']
  readonly #envoy: Processes['envoy']
  readonly #app: StartedApp | undefined
  #stopping: Promise<void> | undefined

  constructor(plan: Plan, addresses: Addresses, { stub, envoy, app }: Processes, directory: string) {
    this.#plan = plan
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
      await sleep(SETTLE_POLL_MS)
    }
  }

  async flushLogs() {
    // A dead Envoy or stub wrote what it wrote; the rest of the evidence is still worth keeping.
    const [, journalLines] = await Promise.allSettled([this.#envoy.admin.flushLogs(), this.#stub.flush()])
    return journalLines.status === 'fulfilled' ? journalLines.value : null
  }

  stop() {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop() {
    this.#envoy.admin.close()
    // It may have something to say to Envoy before it ends.
    await this.#app?.end()
    await Promise.all([this.#envoy.guarded.stop(), this.#stub.guarded.stop()])
  }
}
