import { type ContainerSpec, type RunningContainer, startContainer } from '../containers/container.ts'
import type { Daemon } from '../containers/daemon.ts'
import { ChaosError } from '../errors.ts'
import type { PlannedApp, PlannedContainer } from '../plan/plan.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { formatMs } from '../units.ts'
import { tellApp } from './app-environment.ts'
import { APP_ALIAS, addressesBeside, ENVOY_ALIAS } from './container-places.ts'
import { awaitReadiness } from './readiness.ts'

/** What the scenario says of it. */
type Planned = Pick<PlannedContainer, 'command' | 'env' | 'port' | 'ready' | 'readyWithin'>

export interface UserContainer extends RunningContainer {
  what: string
  /** Where its output goes, below `logs`. */
  log: string
  /** Resolves when it takes load. @throws ChaosError with its last words, or the signal's reason */
  ready(signal: AbortSignal): Promise<void>
}

/** Starts an app, or a replica of an upstream. */
export async function startUserContainer(
  daemon: Daemon,
  spec: Pick<ContainerSpec, 'what' | 'image' | 'network' | 'labels'>,
  { command, env, port, ready, readyWithin }: Planned,
  log: string,
): Promise<UserContainer> {
  const running = await startContainer(daemon, {
    ...spec,
    command: command.length === 0 ? undefined : command,
    env,
    ports: [port],
    files: () => [],
  })
  const { what } = spec
  const address = { host: daemon.host, port: running.published(port) }
  return {
    ...running,
    what,
    log,
    async ready(signal) {
      const outcome = await awaitReadiness({ ...running, ready, readyWithin, address, isForwarded: true }, signal)
      if (outcome.is === 'ready') return
      const detail = await running.lastLines()
      if (outcome.is === 'ended')
        throw new ChaosError('environment', `${what} ended with code ${outcome.code} before it was ready`, { detail })
      throw new ChaosError('environment', `${what} was not ready after ${formatMs(readyWithin)}: ${outcome.missing}`, {
        detail,
        hint: `in its container it must listen on port ${port} of all addresses (0.0.0.0), not of 127.0.0.1; ready and its within say what is waited for, and how long`,
      })
    },
  }
}

/** From SIGTERM to SIGKILL at the end of a run, in seconds. */
const END_WITHIN_S = 2

/**
 * Starts an app in a container beside Envoy, and waits until it is ready.
 * @param own - gets it when it has started
 */
export async function startAppContainer(
  daemon: Daemon,
  { network, ...spec }: Pick<ContainerSpec, 'image' | 'labels'> & { network: string },
  app: PlannedApp,
  scenario: Scenario,
  own: UserContainer[],
  signal: AbortSignal,
) {
  const port = app.port as number
  // A proxy that its image knows of would get the calls to Envoy.
  const told = tellApp(app, { host: APP_ALIAS, port }, addressesBeside(scenario), { NO_PROXY: ENVOY_ALIAS })
  const container = await startUserContainer(
    daemon,
    { ...spec, what: 'the app', network: { name: network, aliases: [APP_ALIAS] } },
    { ...app, ...told, port },
    'app.log',
  )
  own.push(container)
  await container.ready(signal)
  return { ...container, address: { host: daemon.host, port: container.published(port) }, end: () => container.end(END_WITHIN_S) }
}
