import { type ContainerSpec, type RunningContainer, startContainer } from '../containers/container.ts'
import type { Daemon } from '../containers/daemon.ts'
import type { Address } from '../envoy/addresses.ts'
import { controlPath } from '../envoy/control.ts'
import { ChaosError } from '../errors.ts'
import type { ServerSpec, StubSpec } from '../upstream/spec.ts'
import { JOURNAL_INSIDE, type StubPorts } from './container-places.ts'
import { type Doors, doorsAt } from './doors.ts'
import { ask, askFor } from './http.ts'
import { untilReady } from './until-ready.ts'

const READY_WITHIN_MS = 20_000

export interface StubContainer extends RunningContainer {
  /** For messages. */
  what: string
  /** Resolves when it takes requests. @throws ChaosError with its last words, or the signal's reason */
  ready(signal: AbortSignal): Promise<void>
  active(): Promise<number>
  doors: Doors
  /** Hands over its journal, piece by piece. @returns how many lines there are in it. @throws where it cannot be asked any more */
  journal(take: (piece: Buffer) => void): Promise<number>
  /** An archive of its journal, as far as it was written out. */
  leftJournal(): Promise<NodeJS.ReadableStream>
}

/**
 * Starts all replicas of one upstream in one container.
 * @param servers - the replicas, in order
 * @param program - the stub in its image
 * @param ports - of the network that it shares with others
 * @param control - where Envoy takes what is for the control servers of the stubs, once it is known
 */
export async function startStubContainer(
  daemon: Daemon,
  spec: Pick<ContainerSpec, 'image' | 'labels' | 'network' | 'ports' | 'startsAfter' | 'onMade'>,
  servers: readonly ServerSpec[],
  program: string,
  ports: StubPorts,
  control: Promise<Address>,
): Promise<StubContainer> {
  const cluster = servers[0]?.cluster ?? ''
  const what = `the stub of ${cluster}`
  const stub: StubSpec = {
    host: '127.0.0.1',
    servers: servers.map((server) => ({
      ...server,
      port: ports.of(server),
      ...(server.door && { door: { ...server.door, port: ports.door(server), hop: ports.hop(server) } }),
    })),
    control: ports.control(cluster),
    journal: JOURNAL_INSIDE,
  }
  const running = await startContainer(daemon, {
    ...spec,
    what,
    command: ['node', '--disable-warning=ExperimentalWarning', program, '-'],
    // Docker unpacks a file in a process of its own, which takes longer.
    files: () => [],
    stdin: JSON.stringify(stub),
  })
  const askControl = async (method: 'GET' | 'POST', path: string) => ask(await control, method, controlPath(cluster, path))
  const asked = async (method: 'GET' | 'POST', path: string) => JSON.parse(await askControl(method, path)) as unknown
  return {
    ...running,
    what,
    ready: (signal) =>
      untilReady({
        what,
        within: READY_WITHIN_MS,
        isReady: () =>
          asked('GET', '/health').then(
            () => true,
            () => false,
          ),
        exited: running.exited,
        lastLines: running.lastLines,
        signal,
      }),
    doors: doorsAt(askControl),
    active: async () => ((await asked('GET', '/active')) as { active: number }).active,
    async journal(take) {
      const headers = await askFor(await control, 'GET', controlPath(cluster, '/journal'), take)
      const lines = Number(headers['x-lines'])
      // A count that is no number would be contradicted by none.
      if (!Number.isInteger(lines)) throw new ChaosError('environment', `${what} does not say how many lines its journal has`)
      return lines
    },
    leftJournal: () => running.read(JOURNAL_INSIDE),
  }
}
