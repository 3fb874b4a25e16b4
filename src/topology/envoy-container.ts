import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { unpacked } from '../containers/archive.ts'
import { type ContainerSpec, type RunningContainer, startContainer } from '../containers/container.ts'
import type { Daemon } from '../containers/daemon.ts'
import { Admin } from './admin.ts'
import { LOGS_INSIDE } from './container-places.ts'
import { cannotWrite } from './disk.ts'
import { envoyArguments, envoyEndedEarly } from './envoy-process.ts'
import { untilReady } from './until-ready.ts'

const CONFIG_INSIDE = '/etc/chaos/envoy.yaml'
const READY_WITHIN_MS = 20_000

export interface EnvoyContainer extends RunningContainer {
  admin: Admin
  /** Resolves when it takes requests. @throws ChaosError with its last words, or the signal's reason */
  ready(signal: AbortSignal): Promise<void>
  /** Copies its access logs to the folder. */
  collect(folder: string): Promise<void>
}

/**
 * @param holder - the container that has its ports; undefined: its own
 * @param adminPort - inside
 * @param configure - the configuration, and where it lies as evidence; asked for when the container is made and not started
 */
export async function startEnvoyContainer(
  daemon: Daemon,
  spec: Pick<ContainerSpec, 'image' | 'network' | 'labels' | 'ports' | 'startsAfter' | 'onMade' | 'onStarting'>,
  holder: Promise<RunningContainer> | undefined,
  adminPort: number,
  configure: () => Promise<{ config: string; kept: string }>,
): Promise<EnvoyContainer> {
  let kept = ''
  const running = await startContainer(daemon, {
    ...spec,
    what: 'Envoy',
    command: ['envoy', ...envoyArguments(CONFIG_INSIDE)],
    async files() {
      const made = await configure()
      kept = made.kept
      return [
        // The Envoy in the published image runs as a user of its own.
        { path: `${LOGS_INSIDE}/`, content: '', mode: 0o777 },
        { path: CONFIG_INSIDE, content: made.config, mode: 0o644 },
      ]
    },
  })
  const { published } = (await holder) ?? running
  const admin = new Admin({ host: daemon.host, port: published(adminPort) })
  return {
    ...running,
    admin,
    ready: (signal) =>
      untilReady({
        what: 'Envoy',
        within: READY_WITHIN_MS,
        isReady: () => admin.ready(CONFIG_INSIDE),
        exited: running.exited,
        lastLines: running.lastLines,
        signal,
        async ended(code) {
          const said = await running.lastLines(200)
          return envoyEndedEarly(code, kept, said.join('\n'), said.slice(-8))
        },
      }),
    async collect(folder) {
      await unpacked(await running.read(LOGS_INSIDE), async (name, content) => {
        const path = join(folder, name)
        await pipeline(content, createWriteStream(path)).catch((error) => {
          throw cannotWrite(path, error)
        })
      })
    },
  }
}
