import { resolve } from 'node:path'
import type { ContainerSource } from '../plan/plan.ts'
import { withVariables } from '../scenario/variables.ts'
import { buildImage } from './build.ts'
import type { Daemon } from './daemon.ts'
import { LOCAL } from './image-names.ts'
import { hasImage, namedForTestcontainers, tagForTestcontainers } from './images.ts'
import { pullImage } from './pull.ts'

export interface UserImageOptions {
  /** What a path of the scenario counts from. */
  folder: string
  /** The variables that names and build arguments may hold. */
  variables: Readonly<Record<string, string | undefined>>
  /** Of what is built, so that it can be found and removed. */
  labels: Readonly<Record<string, string>>
  signal: AbortSignal
  /** Called while something is pulled or built. */
  onProgress?: ((text: string) => void) | undefined
}

/**
 * The image of an app or an upstream: pulled where the daemon does not have it, or built.
 * @param tag - that no other image has at the moment, for one that is built
 * @returns its name
 * @throws ChaosError `environment` with the reason where it cannot be had; the signal's reason on an abort
 */
export async function userImage(daemon: Daemon, source: ContainerSource, tag: string, options: UserImageOptions): Promise<string> {
  const { folder, variables, labels, signal, onProgress = () => {} } = options
  if ('image' in source) {
    const name = await namedForTestcontainers(withVariables(source.image, variables))
    if (!(await hasImage(daemon, name))) await pullImage(daemon, name, { signal, onProgress })
    return name
  }
  const buildArgs = Object.fromEntries(Object.entries(source.args).map(([name, value]) => [name, withVariables(value, variables)]))
  const name = `${LOCAL}/run:${tag}`
  const { dockerfile } = source
  await buildImage(daemon, { context: resolve(folder, source.context), dockerfile, tag: name, labels, buildArgs, signal, onProgress })
  return await tagForTestcontainers(daemon, name)
}
