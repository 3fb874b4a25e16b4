import { open, readdir, readFile, readlink, stat } from 'node:fs/promises'
import { isAbsolute, join, normalize, sep } from 'node:path'
import { Readable } from 'node:stream'
import type { Header, Pack } from 'tar-stream'
import { ChaosError } from '../errors.ts'

/** A file as a Dockerfile sees it; `path` with slashes, relative to the context. */
export type ContextFile = { path: string; mode?: number } & (
  | { source: string }
  | { content: string }
  | { link: string }
  | { directory: true }
)

/**
 * What is sent for `COPY` to take from: all of `folder` but what its .dockerignore leaves out. Symbolic links are sent as
 * such, so nothing outside of the folder is read.
 *
 * @param dockerfile - relative to `folder`; sent in any case
 * @throws ChaosError `badInput` where there is no such folder or Dockerfile, or the Dockerfile lies outside of the folder
 */
export async function folderContext(folder: string, dockerfile: string): Promise<ContextFile[]> {
  const inside = normalize(dockerfile).split(sep).join('/')
  if (isAbsolute(dockerfile) || inside.startsWith('../')) {
    throw new ChaosError('badInput', `the Dockerfile ${dockerfile} lies outside of ${folder}, which its image is built from`, {
      hint: 'a build sees one folder only: put the Dockerfile into it, or name a folder that holds both',
    })
  }
  const isFile = await stat(join(folder, inside)).then(
    (found) => found.isFile(),
    () => false,
  )
  if (!isFile) throw new ChaosError('badInput', `there is no file ${join(folder, inside)} to build an image by`)
  const ignored = await ignoreRules(folder)
  const always = new Set([inside, '.dockerignore'])
  return await filesOf(folder, (path, isDirectory) => (always.has(path) ? false : ignored(path, isDirectory)))
}

/** @returns whether a path is left out: a file, or a folder with all that is in it. */
async function ignoreRules(folder: string): Promise<(path: string, isDirectory: boolean) => boolean> {
  const text = await readFile(join(folder, '.dockerignore'), 'utf8').catch(() => undefined)
  if (text === undefined) return () => false
  const { default: dockerignore } = await import('@balena/dockerignore')
  const rules = dockerignore.default({ ignorecase: false }).add(text)
  // `!` takes files of a folder back in that is left out.
  const hasExceptions = /^\s*!/m.test(text)
  return (path, isDirectory) => (isDirectory && hasExceptions ? false : rules.ignores(path))
}

/** All that is in `folder`, but what is `ignored`. */
export async function filesOf(
  folder: string,
  ignored: (path: string, isDirectory: boolean) => boolean = () => false,
): Promise<ContextFile[]> {
  return await filesBelow(folder, '', ignored)
}

async function filesBelow(root: string, below: string, ignored: (path: string, isDirectory: boolean) => boolean): Promise<ContextFile[]> {
  const entries = await readdir(join(root, below), { withFileTypes: true })
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  const files: ContextFile[] = []
  for (const entry of entries) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    const source = join(root, path)
    if (ignored(path, entry.isDirectory())) continue
    if (entry.isDirectory()) files.push({ path, directory: true }, ...(await filesBelow(root, path, ignored)))
    else if (entry.isSymbolicLink()) files.push({ path, link: await readlink(source) })
    else if (entry.isFile()) files.push({ path, source, mode: (await stat(source)).mode & 0o777 })
  }
  return files
}

/** The files as a tar archive, which the reader paces. */
export async function tarOf(files: readonly ContextFile[]): Promise<Readable> {
  const { pack } = await import('tar-stream')
  const tar = pack()
  const add = async () => {
    for (const file of files) await addTo(tar, file)
    tar.finalize()
  }
  add().catch((error) => tar.destroy(error))
  return Readable.from(tar, { objectMode: false })
}

async function addTo(tar: Pack, file: ContextFile): Promise<void> {
  // Of one age, since the age of a file is no reason to build anew.
  const header = { name: file.path, mtime: new Date(0), mode: file.mode ?? 0o644 }
  if ('directory' in file) tar.entry({ ...header, type: 'directory', mode: file.mode ?? 0o755 })
  else if ('link' in file) tar.entry({ ...header, type: 'symlink', linkname: file.link })
  else if ('content' in file) tar.entry(header, file.content)
  else await addFile(tar, header, file.source)
}

async function addFile(tar: Pack, header: Pick<Header, 'name' | 'mtime' | 'mode'>, source: string): Promise<void> {
  await using file = await open(source)
  const entry = tar.entry({ ...header, size: (await file.stat()).size })
  let goOn = () => {}
  entry.on('drain', () => goOn()).on('close', () => goOn())
  for await (const chunk of file.createReadStream({ autoClose: false })) {
    const drained = new Promise<void>((done) => {
      goOn = done
    })
    if (!entry.write(chunk)) await drained
    // The daemon wants no more of it.
    if (entry.destroyed) return
  }
  entry.end(null)
}
