import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { ChaosError } from '../errors.ts'
import { imageFolder, programFile } from '../program.ts'
import { buildImage } from './build.ts'
import type { ContextFile } from './build-context.ts'
import type { Daemon } from './daemon.ts'
import { daemonWords } from './daemon-words.ts'
import { LOCAL } from './image-names.ts'
import { hasImage, tagForTestcontainers } from './images.ts'

export interface StubImageOptions {
  /** The image of Node to stand on. */
  base: string
  signal?: AbortSignal | undefined
  onProgress?: (text: string) => void
  /** Where images lie that chaos built. */
  local?: string
}

const LABEL = 'org.chaos-envoy.image'
/** Images of another checkout that were not made within a day are not waited for any more. */
const OLD_MS = 24 * 3600 * 1000

/**
 * The image of the stub program, which is built where there is none of this program on this base, in about a second. Older
 * ones are removed unless a container uses them.
 *
 * @returns its name
 * @throws ChaosError `environment` where it cannot be built; the signal's reason on an abort
 */
export async function stubImage(daemon: Daemon, { base, signal, onProgress, local = LOCAL }: StubImageOptions): Promise<string> {
  const files = context()
  const name = `${local}/stub:${await fingerprint(daemon, files, base)}`
  if (!(await hasImage(daemon, name))) {
    const labels = { [LABEL]: `${local}/stub` }
    await buildImage(daemon, {
      context: files,
      tag: name,
      labels,
      buildArgs: { BASE: base },
      signal,
      ...(onProgress ? { onProgress } : {}),
    })
    await removeOlder(daemon, `${LABEL}=${local}/stub`, name)
  }
  return await tagForTestcontainers(daemon, name)
}

/** The path of the stub program in the image: `node <path> -`, with what it is to be by its standard input. */
export function stubProgramInImage(): string {
  const { root, entry } = program()
  return `/chaos/program/${relative(root, entry)}`
}

function context(): ContextFile[] {
  const { root, files } = program()
  return [
    { path: 'Dockerfile', content: readFileSync(join(imageFolder('stub'), 'Dockerfile'), 'utf8') },
    // Else Node has to guess, and says so.
    { path: 'program/package.json', content: '{ "type": "module" }\n' },
    ...files.map((file) => ({ path: `program/${relative(root, file)}`, content: readFileSync(file, 'utf8') })),
  ]
}

/** In a bundle the program is one file; else it is all that it imports of chaos, and nothing else. */
function program(): { root: string; entry: string; files: string[] } {
  const entry = programFile('upstream')
  if (basename(entry) === 'upstream.cjs') return { root: dirname(entry), entry, files: [entry] }
  const files = new Set<string>()
  const follow = (file: string) => {
    if (files.has(file)) return
    files.add(file)
    for (const name of importsOf(readFileSync(file, 'utf8'))) if (!name.startsWith('node:')) follow(resolve(dirname(file), name))
  }
  follow(entry)
  return { root: dirname(dirname(entry)), entry, files: [...files].sort() }
}

/** What is left of the imports where types are stripped. */
function importsOf(code: string): string[] {
  return [...code.matchAll(/^(?:import|export) (?!type )(?:[^'"]*? from )?['"]([^'"]+)['"]/gm)].map((match) => match[1] as string)
}

async function fingerprint({ dockerode }: Daemon, files: readonly ContextFile[], base: string): Promise<string> {
  const hash = createHash('sha256')
  try {
    hash.update((await dockerode.getImage(base).inspect()).Id)
  } catch (cause) {
    throw new ChaosError('environment', `the image ${base}, which the stubs are to stand on: ${daemonWords(cause)}`, { cause })
  }
  hash.update(JSON.stringify(files))
  return hash.digest('hex').slice(0, 16)
}

async function removeOlder({ dockerode }: Daemon, label: string, current: string): Promise<void> {
  const ours = await dockerode.listImages({ filters: JSON.stringify({ label: [label] }) })
  const old = ours.filter(({ Created, RepoTags }) => Date.now() - Created * 1000 > OLD_MS && !RepoTags?.includes(current))
  // One that a container uses, or that another start has removed, is none of our business.
  for (const name of old.flatMap(({ RepoTags }) => RepoTags ?? []))
    await dockerode
      .getImage(name)
      .remove()
      .catch(() => {})
}
