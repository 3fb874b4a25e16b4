import { setTimeout as sleep } from 'node:timers/promises'
import { connectDaemon } from '../containers/daemon.ts'
import { removeRun } from '../containers/run-network.ts'

/*
 * Removes from Docker what a run has made, when the run itself is gone. Started by the watcher of `containers/watcher.ts`.
 *
 *     main.ts RUN
 */

/** What the daemon was asked for last may come up so long after we first look: a container that was being made, say. */
const QUIET_MS = 5000
const POLL_MS = 250
/** A daemon that does not answer, or does not remove, is left alone then. */
const GIVE_UP_MS = 60_000

async function sweep(run: string): Promise<void> {
  const began = performance.now()
  let lastSeen = began
  while (performance.now() < Math.min(lastSeen + QUIET_MS, began + GIVE_UP_MS)) {
    try {
      const daemon = await connectDaemon(process.env)
      if (await removeRun(daemon, run)) lastSeen = performance.now()
    } catch {
      lastSeen = performance.now()
    }
    await sleep(POLL_MS)
  }
}

const [run = ''] = process.argv.slice(2)
void sweep(run)
