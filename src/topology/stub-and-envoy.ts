import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Address, type Addresses, doorKeys, replicaKey } from '../envoy/addresses.ts'
import { buildBootstrap } from '../envoy/bootstrap.ts'
import { renderBootstrap } from '../envoy/render.ts'
import { ChaosError } from '../errors.ts'
import type { Plan } from '../plan/plan.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { PRIVATE, writing } from './disk.ts'
import { type EnvoyProcess, startEnvoy } from './envoy-process.ts'
import { type freePorts, PortTaken } from './ports.ts'
import { type StubProcess, startStub } from './stub-process.ts'
import { lastLines } from './tail.ts'

const HOST = '127.0.0.1'
const TRIES = 3

export interface StartOptions {
  envoy: string
  /** Where configuration and logs go. */
  directory: string
  signal: AbortSignal
  choosePorts: typeof freePorts
  /** Called when all is started and nothing is ready yet: time for what the run needs next. */
  onStarted?(): void
}

export interface StubAndEnvoy {
  stub: StubProcess
  envoy: EnvoyProcess
  addresses: Addresses
}

/**
 * Starts the stubs and Envoy at the same time, on ports that were free just before. Another program may take one in
 * between: then everything is started again on others.
 */
export async function startStubAndEnvoy(scenario: Scenario, plan: Plan, options: StartOptions): Promise<StubAndEnvoy> {
  for (let attempt = 1; ; attempt++) {
    const addresses = await chooseAddresses(scenario, plan, options)
    try {
      return { ...(await startBoth(scenario, plan, addresses, options)), addresses }
    } catch (error) {
      if (!(error instanceof PortTaken)) throw error
      if (attempt === TRIES) {
        throw new ChaosError('environment', `${error.by} found a port taken, ${TRIES} times with ports that were free just before`, {
          detail: lastLines(error.log),
          hint: 'another program takes ports of the range for outgoing connections very fast; run again, or free some',
        })
      }
    }
  }
}

/** Whichever fails first takes the other along. */
async function startBoth(scenario: Scenario, plan: Plan, addresses: Addresses, options: StartOptions) {
  const files = { config: join(options.directory, 'envoy.yaml'), log: join(options.directory, 'logs', 'envoy.log') }

  const configureAndStart = async () => {
    const config = renderBootstrap(buildBootstrap(scenario, plan, addresses), scenario, plan)
    writing(files.config, () => writeFileSync(files.config, config, { mode: PRIVATE }))
    return startEnvoy(options.envoy, files, addresses.admin, signal)
  }

  const failed = new AbortController()
  const signal = AbortSignal.any([options.signal, failed.signal])
  const orFail = <T>(starting: Promise<T>) =>
    starting.catch((error) => {
      failed.abort(error)
      return null
    })
  // The stubs first: they take longer, and meanwhile Envoy's configuration is written.
  const stubStarts = orFail(startStub(plan.stubs, addresses, options.directory, signal))
  const envoyStarts = orFail(configureAndStart())
  options.onStarted?.()
  const [stub, envoy] = await Promise.all([stubStarts, envoyStarts])
  if (stub && envoy) return { stub, envoy }
  envoy?.admin.close()
  await Promise.all([stub?.guarded.stop(), envoy?.guarded.stop()])
  throw failed.signal.reason
}

async function chooseAddresses(scenario: Scenario, plan: Plan, { directory, choosePorts }: StartOptions): Promise<Addresses> {
  const clusters = Object.keys(scenario.upstreams)
  const keys = plan.stubs.servers.map((server) => replicaKey(server.cluster, server.replica))
  const behindDoors = doorKeys(plan.stubs)
  const ports = await choosePorts(HOST, 2 + clusters.length + 2 * keys.length + behindDoors.length)
  const next = (): Address => ({ host: HOST, port: ports.shift() as number })
  const logs = join(directory, 'logs')
  return {
    admin: next(),
    shared: next(),
    sharedNames: [HOST],
    egress: Object.fromEntries(clusters.map((cluster) => [cluster, next()])),
    hops: Object.fromEntries(keys.map((key) => [key, next()])),
    stubs: Object.fromEntries(keys.map((key) => [key, next()])),
    doors: Object.fromEntries(behindDoors.map((key) => [key, next()])),
    logs: {
      egress: join(logs, 'egress.ndjson'),
      attempts: join(logs, 'attempts.ndjson'),
      hop: join(logs, 'hop.ndjson'),
      outlier: join(logs, 'outlier.ndjson'),
    },
  }
}
