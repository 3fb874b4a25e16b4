import { afterAll } from 'vitest'
import { connectDaemon, type Daemon } from '../../src/containers/daemon.ts'
import { ChaosError } from '../../src/errors.ts'
import { needs } from './needs.ts'

let known: { daemon: Daemon } | { missing: string } | undefined

async function look(): Promise<{ daemon: Daemon } | { missing: string }> {
  try {
    return { daemon: await connectDaemon(process.env) }
  } catch (error) {
    if (!(error instanceof ChaosError)) throw error
    return { missing: [error.message, ...error.detail].join('; ') }
  }
}

/** `test.skipIf(await needsDocker())`: told loudly where there is no daemon, and a failure in CI. */
export async function needsDocker(): Promise<boolean> {
  known ??= await look()
  return needs('Docker', 'missing' in known ? known.missing : undefined)
}

/** The daemon that `needsDocker` found. */
export function daemon(): Daemon {
  if (known === undefined || 'missing' in known) throw new Error('ask for needsDocker() first')
  return known.daemon
}

/** Where images of this test file lie. They are removed when its tests are over, and so is what bears `LABEL own=<that>`. */
export function ownImages(): string {
  const repository = `chaos-test-${process.pid}-${Date.now()}`
  afterAll(async () => {
    if (known === undefined || 'missing' in known) return
    const { dockerode } = known.daemon
    const images = await dockerode.listImages()
    const names = images.flatMap(({ RepoTags }) => RepoTags ?? []).filter((name) => name.includes(repository))
    for (const name of names) await dockerode.getImage(name).remove({ force: true })
    const unnamed = await dockerode.listImages({ filters: JSON.stringify({ label: [`own=${repository}`], dangling: ['true'] }) })
    for (const { Id } of unnamed) await dockerode.getImage(Id).remove({ force: true })
  })
  return repository
}
