import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Plan } from '../plan/plan.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { writing } from './disk.ts'
import { hostAppLog, startHostApp } from './host-app.ts'
import { freePorts } from './ports.ts'
import { RunningTopology } from './running.ts'
import { startStubAndEnvoy } from './stub-and-envoy.ts'
import { lastLines } from './tail.ts'
import type { RunPlace, StartedTopology } from './topology.ts'

export interface ProcessRuntimeOptions extends RunPlace {
  envoy: string
  /** The chooser of ports; tests hand in one that chooses badly. */
  choosePorts?: typeof freePorts
}

/** The topology as child processes, each under a guard: stubs and Envoy at the same time, then the app. */
export async function startProcesses(scenario: Scenario, plan: Plan, given: ProcessRuntimeOptions): Promise<StartedTopology> {
  const options = { choosePorts: freePorts, ...given, directory: resolve(given.directory) }
  writing(options.directory, () => mkdirSync(join(options.directory, 'logs'), { recursive: true }))
  const { stub, envoy, addresses } = await startStubAndEnvoy(scenario, plan, options)
  try {
    const app = plan.app && (await startHostApp(plan.app, addresses, scenario.folder, options))
    return new RunningTopology(plan, {
      entrance: app?.address ?? addresses.shared,
      admin: envoy.admin,
      parts: [
        { what: 'Envoy', exited: envoy.guarded.exited, lastLines: () => lastLines(join(options.directory, 'logs', 'envoy.log')) },
        { what: 'the stub upstreams', exited: stub.guarded.exited, lastLines: () => lastLines(stub.errorLog) },
      ],
      app: app && { ...app, what: 'the app', lastLines: () => lastLines(hostAppLog(options.directory)) },
      active: () => stub.active(),
      doors: [stub.doors],
      async flushLogs() {
        // A dead Envoy or stub wrote what it wrote; the rest of the evidence is still worth keeping.
        const [, journalLines] = await Promise.allSettled([envoy.admin.flushLogs(), stub.flush()])
        return journalLines.status === 'fulfilled' ? journalLines.value : null
      },
      async end() {
        await Promise.all([envoy.guarded.stop(), stub.guarded.stop()])
      },
    })
  } catch (error) {
    envoy.admin.close()
    await Promise.all([envoy.guarded.stop(), stub.guarded.stop()])
    throw error
  }
}
