import { appendFileSync } from 'node:fs'
import { unpacked } from '../containers/archive.ts'
import { type ContainerSpec, type RunningContainer, startContainer } from '../containers/container.ts'
import type { Daemon } from '../containers/daemon.ts'
import type { ServerSpec, StubSpec } from '../upstream/spec.ts'
import { CONTROL_PORT, JOURNAL_INSIDE, LOGS_INSIDE, stubPort } from './container-places.ts'
import { writing } from './disk.ts'
import { ask } from './http.ts'
import { untilReady } from './until-ready.ts'

const SPEC_INSIDE = '/etc/chaos/stubs.json'
const READY_WITHIN_MS = 20_000

export interface StubContainer extends RunningContainer {
  /** For messages. */
  what: string
  /** Resolves when it takes requests. @throws ChaosError with its last words, or the signal's reason */
  ready(signal: AbortSignal): Promise<void>
  active(): Promise<number>
  /** Adds its journal to the file. @returns how many lines it says there are; null where it cannot be asked any more */
  collect(file: string): Promise<number | null>
}

/**
 * Starts all replicas of one upstream in one container.
 * @param spec - all but what is decided here
 * @param servers - the replicas, in order
 * @param program - the stub in its image
 */
export async function startStubContainer(
  daemon: Daemon,
  spec: Pick<ContainerSpec, 'image' | 'network' | 'labels' | 'onAddress'>,
  servers: readonly ServerSpec[],
  program: string,
): Promise<StubContainer> {
  const cluster = servers[0]?.cluster ?? ''
  const what = `the stub of ${cluster}`
  const stub: StubSpec = {
    host: '0.0.0.0',
    servers: servers.map((server) => ({ ...server, port: stubPort(server.replica) })),
    control: CONTROL_PORT,
    journal: JOURNAL_INSIDE,
  }
  const running = await startContainer(daemon, {
    ...spec,
    what,
    // Not the name alone: one may be called as Envoy is.
    alias: `stub-${cluster}`,
    command: ['node', '--disable-warning=ExperimentalWarning', program, SPEC_INSIDE],
    ports: [CONTROL_PORT],
    files: () => [
      { path: `${LOGS_INSIDE}/`, content: '', mode: 0o777 },
      { path: SPEC_INSIDE, content: JSON.stringify(stub), mode: 0o644 },
    ],
  })
  const control = { host: daemon.host, port: running.published(CONTROL_PORT) }
  const asked = async (method: 'GET' | 'POST', path: string) => JSON.parse(await ask(control, method, path)) as unknown
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
    active: async () => ((await asked('GET', '/active')) as { active: number }).active,
    async collect(file) {
      const flushed = await asked('POST', '/flush').catch(() => null)
      await collect(running, file)
      return (flushed as { lines: number } | null)?.lines ?? null
    },
  }
}

async function collect(running: RunningContainer, file: string): Promise<void> {
  await unpacked(await running.read(JOURNAL_INSIDE), async (_, content) => {
    for await (const chunk of content) writing(file, () => appendFileSync(file, chunk as Buffer))
  })
}
