import type { Daemon } from './daemon.ts'
import { type Reaper, startReaper } from './reaper.ts'
import { removeRun } from './run-network.ts'
import { watchRun } from './watcher.ts'

export interface RunEnd {
  /** Resolves when all stand who remove what the run makes. @throws ChaosError when the reaper does not start */
  assured: Promise<void>
  /** Removes what the run has made; resolves when nothing of it is left. @throws ChaosError */
  end(): Promise<void>
}

/**
 * Sees to it that nothing of a run is left in Docker, whatever ends it. To be called before anything is made.
 *
 * Three remove the same, which is what bears the label of the run: this process at its end; a watcher on this machine when
 * this process is gone, from the first moment on; a reaper in a container where the watcher is killed, too.
 *
 * @param reaper - its image; null: without one
 */
export function assureEnd(
  daemon: Daemon,
  run: string,
  { reaper, ...options }: { reaper: string | null; env: NodeJS.ProcessEnv; signal: AbortSignal },
): RunEnd {
  const watcher = watchRun(run, options.env)
  const starting: Promise<Reaper | undefined> = reaper === null ? Promise.resolve(undefined) : startReaper(daemon, run, reaper, options)
  const assured = starting.then(() => {})
  assured.catch(() => {})
  return {
    assured,
    async end() {
      // What is made after the last look would stay.
      const started = await starting.catch(() => undefined)
      started?.release()
      await removeRun(daemon, run)
      await watcher.release()
    },
  }
}
