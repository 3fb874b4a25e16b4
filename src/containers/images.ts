import { ChaosError } from '../errors.ts'
import type { Daemon } from './daemon.ts'
import { daemonStatus, daemonWords } from './daemon-words.ts'
import { IMAGES, type ImageRole, LOCAL } from './image-names.ts'
import { pullImage } from './pull.ts'

/** The names of images that the daemon has. */
export type Images = Record<ImageRole, string>

export interface FindImagesOptions {
  /** process.env itself, which testcontainers reads. */
  env: NodeJS.ProcessEnv
  signal?: AbortSignal | undefined
  /** Called while something is pulled. */
  onProgress?: (text: string) => void
  /** Where images lie that were built from packages. */
  local?: string
}

/**
 * Finds the images of a run: each as its variable names it; else the published one where the daemon has it, else the one
 * that `chaos doctor --fix` built, else the published one is pulled. With `TESTCONTAINERS_RYUK_DISABLED=true` no reaper is
 * looked for.
 *
 * testcontainers puts `TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX` before names without a registry; the names here bear it
 * already.
 *
 * @throws ChaosError `environment` where one cannot be had, naming all of these; the signal's reason on an abort
 */
export async function findImages(daemon: Daemon, options: FindImagesOptions): Promise<Images> {
  const roles = Object.keys(IMAGES) as ImageRole[]
  const found = await Promise.allSettled(roles.map((role) => findImage(daemon, role, options)))
  options.signal?.throwIfAborted()
  const failures = found.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
  const [first] = failures
  if (first !== undefined) throw failures.length > 1 && failures.every((one) => one instanceof ChaosError) ? together(failures) : first
  return Object.fromEntries(found.map((one, i) => [roles[i], (one as PromiseFulfilledResult<string>).value])) as Images
}

async function findImage(daemon: Daemon, role: ImageRole, options: FindImagesOptions): Promise<string> {
  const { env, signal, onProgress = () => {} } = options
  const { name, asked, present } = await lookForImage(daemon, role, options)
  if (present || (role === 'reaper' && env.TESTCONTAINERS_RYUK_DISABLED === 'true')) return name
  const { what, variable } = IMAGES[role]
  try {
    await pullImage(daemon, name, { signal, onProgress })
  } catch (error) {
    if (!(error instanceof ChaosError)) throw error
    throw new ChaosError('environment', `no image of ${what}: ${error.message}`, {
      hint: error.hint ?? (asked ? `correct ${variable}, or leave it out: chaos then looks for an image itself` : WAYS_TO_GET_IMAGES),
      cause: error,
    })
  }
  return name
}

export const WAYS_TO_GET_IMAGES =
  '`chaos doctor --fix` builds images from packages, without an image registry; ' +
  `or name images that you have with ${Object.values(IMAGES)
    .map(({ variable }) => variable)
    .join(', ')}`

export interface LookedFor {
  /** The one to use, or to pull. */
  name: string
  /** Whether the user named it. */
  asked: boolean
  /** Whether the daemon has it. */
  present: boolean
}

/** Which image there is for `role`, without pulling any. */
export async function lookForImage(
  daemon: Daemon,
  role: ImageRole,
  { env, local = LOCAL }: Pick<FindImagesOptions, 'env' | 'local'>,
): Promise<LookedFor> {
  const source = IMAGES[role]
  const asked = env[source.variable]
  const name = await namedForTestcontainers(asked || source.published)
  if (await hasImage(daemon, name)) return { name, asked: Boolean(asked), present: true }
  const built = `${local}/${source.local}`
  if (!asked && (await hasImage(daemon, built))) return { name: await tagForTestcontainers(daemon, built), asked: false, present: true }
  return { name, asked: Boolean(asked), present: false }
}

/** @throws ChaosError `environment` where the daemon fails */
export async function hasImage({ dockerode }: Daemon, name: string): Promise<boolean> {
  try {
    await dockerode.getImage(name).inspect()
    return true
  } catch (cause) {
    if (daemonStatus(cause) === 404) return false
    throw new ChaosError('environment', `cannot look for the image ${name}: ${daemonWords(cause)}`, { cause })
  }
}

/** What testcontainers makes of a name: the prefix for Docker Hub and the tag are put to it. */
export async function namedForTestcontainers(name: string): Promise<string> {
  const { ImageName } = await import('testcontainers')
  return ImageName.fromString(name).string
}

/** @returns the name under which testcontainers finds a local image, which it gets where a prefix for Docker Hub is set. */
export async function tagForTestcontainers({ dockerode }: Daemon, name: string): Promise<string> {
  const wanted = await namedForTestcontainers(name)
  if (wanted !== name) {
    const colon = wanted.lastIndexOf(':')
    await dockerode.getImage(name).tag({ repo: wanted.slice(0, colon), tag: wanted.slice(colon + 1) })
  }
  return wanted
}

function together(errors: readonly ChaosError[]): ChaosError {
  return new ChaosError('environment', `${errors.length} images are missing`, {
    detail: errors.map((error) => error.message),
    hint: [...new Set(errors.map((error) => error.hint))].join('\n'),
  })
}
