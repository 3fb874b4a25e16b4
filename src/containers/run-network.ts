import { setTimeout as sleep } from 'node:timers/promises'
import { ChaosError } from '../errors.ts'
import type { Daemon } from './daemon.ts'
import { daemonWords } from './daemon-words.ts'

/** Everything that a run makes in a daemon bears it, with the run's own id. */
export const RUN_LABEL = 'chaos.run'

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
 * Removes every container, network and image of a run, also those that are only half made. The steps of a build stay in
 * the cache of the daemon.
 * @throws ChaosError when something is left after 2 s
 */
export async function removeRun({ dockerode }: Daemon, run: string): Promise<void> {
  const filters = { label: [`${RUN_LABEL}=${run}`] }
  for (let attempt = 1; ; attempt++) {
    // What cannot be removed now is gone already, or being made or removed by somebody: the next look tells.
    const attempts = <T>(items: readonly T[], remove: (item: T) => Promise<unknown>) => Promise.allSettled(items.map(remove))
    const containers = await dockerode.listContainers({ all: true, filters })
    await attempts(containers, ({ Id }) => dockerode.getContainer(Id).remove({ force: true, v: true }))
    const networks = await dockerode.listNetworks({ filters })
    const removed = await attempts(networks, ({ Id }) => dockerode.getNetwork(Id).remove())
    const images = await dockerode.listImages({ filters })
    removed.push(...(await attempts(images, ({ Id }) => dockerode.getImage(Id).remove({ force: true, noprune: true }))))
    const failed = removed.find((result) => result.status === 'rejected')
    if (containers.length === 0 && failed === undefined) return
    if (attempt === TRIES) {
      throw new ChaosError(
        'environment',
        `Docker does not remove what the run made: ${failed ? daemonWords(failed.reason) : 'containers are left'}`,
        {
          hint: `remove it yourself: docker ps -a --filter label=${RUN_LABEL}=${run}`,
        },
      )
    }
    if (failed) await sleep(RETRY_MS)
  }
}
