import { setTimeout as sleep } from 'node:timers/promises'
import { ChaosError } from '../errors.ts'
import type { Daemon } from './daemon.ts'
import { daemonWords } from './daemon-words.ts'

/** Everything that a run makes in a daemon bears it, with the run's own id. */
export const RUN_LABEL = 'chaos.run'
/** In its place on the reaper of a run, which removes what bears the other. */
export const REAPER_LABEL = 'chaos.reaper'

/** The network of one run, by a name that no other has. @throws ChaosError when the daemon makes none */
export async function createNetwork(daemon: Daemon, run: string): Promise<string> {
  const name = `chaos-${run}`
  try {
    await daemon.dockerode.createNetwork({ Name: name, CheckDuplicate: true, Driver: 'bridge', Labels: { [RUN_LABEL]: run } })
    return name
  } catch (cause) {
    const said = daemonWords(cause)
    throw new ChaosError('environment', `Docker cannot make a network: ${said}`, {
      hint: /address pool|subnet/i.test(said)
        ? 'each network takes a range of addresses, and Docker has about 30: remove networks that nobody uses (docker network ls)'
        : 'look at the log of the daemon (journalctl -u docker)',
      cause,
    })
  }
}

const TRIES = 20
const RETRY_MS = 100

/**
 * Removes all that a run has made, also what is only half made: containers with their volumes, networks, images, and its
 * reaper. The steps of a build stay in the cache of the daemon.
 * @returns whether there was anything
 * @throws ChaosError when something is left after 2 s
 */
export async function removeRun(daemon: Daemon, run: string): Promise<boolean> {
  try {
    for (let attempt = 1; ; attempt++) {
      const { found, refused } = await tryToRemove(daemon, run)
      if (found === 0) return attempt > 1
      if (attempt === TRIES) throw new Error(refused ?? 'it says that it does, but something is still there')
      if (refused !== undefined) await sleep(RETRY_MS)
    }
  } catch (cause) {
    throw new ChaosError('environment', `Docker does not remove what the run made: ${daemonWords(cause)}`, {
      hint: `see what is left with docker ps -a --filter label=${RUN_LABEL}=${run}`,
      cause,
    })
  }
}

async function tryToRemove({ dockerode }: Daemon, run: string): Promise<{ found: number; refused: string | undefined }> {
  const ours = { label: [`${RUN_LABEL}=${run}`] }
  const removeContainer = ({ Id }: { Id: string }) => dockerode.getContainer(Id).remove({ force: true, v: true })
  const [containers, networks, images, reapers] = await Promise.all([
    dockerode.listContainers({ all: true, filters: ours }),
    dockerode.listNetworks({ filters: ours }),
    dockerode.listImages({ filters: ours }),
    dockerode.listContainers({ all: true, filters: { label: [`${REAPER_LABEL}=${run}`] } }),
  ])
  const refused = await refusals(containers, removeContainer)
  const others = await Promise.all([
    refusals(networks, ({ Id }) => dockerode.getNetwork(Id).remove()),
    refusals(images, ({ Id }) => dockerode.getImage(Id).remove({ force: true, noprune: true })),
    // It stands in for us until then.
    refusals(reapers, removeContainer),
  ])
  return { found: containers.length + networks.length + images.length + reapers.length, refused: [...refused, ...others.flat()][0] }
}

/** What cannot be removed now is gone already, or being made or removed by somebody: the next look tells. */
async function refusals<T>(items: readonly T[], remove: (item: T) => Promise<unknown>): Promise<string[]> {
  const results = await Promise.allSettled(items.map(remove))
  return results.flatMap((result) => (result.status === 'rejected' ? [daemonWords(result.reason)] : []))
}
