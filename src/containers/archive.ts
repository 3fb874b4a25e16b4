import type { Readable } from 'node:stream'
import { extract, pack } from 'tar-stream'

/** A file that a container gets before it starts; `mode` such as 0o644. A path that ends in a slash is an empty folder. */
export interface ContainerFile {
  /** Absolute. */
  path: string
  content: string
  mode: number
}

/** What `putArchive` unpacks at the root of a container. */
export function packed(files: readonly ContainerFile[]): Readable {
  const archive = pack()
  for (const { path, content, mode } of files) {
    const name = path.slice(1)
    if (path.endsWith('/')) archive.entry({ name, mode, type: 'directory' })
    else archive.entry({ name, mode }, content)
  }
  archive.finalize()
  return archive as unknown as Readable
}

/**
 * Goes through the files of an archive, one after the other. Where that ends early the archive is given up: the daemon
 * would hold the connection for minutes, and so this process.
 * @param each - is given the base name, and reads the content to its end before it returns
 */
export async function unpacked(archive: NodeJS.ReadableStream, each: (name: string, content: Readable) => Promise<void>): Promise<void> {
  const entries = extract()
  archive.once('error', (error) => entries.destroy(error)).pipe(entries)
  try {
    for await (const entry of entries) {
      const { name, type } = entry.header
      if (type === 'file') await each(name.slice(name.lastIndexOf('/') + 1), entry as unknown as Readable)
      else entry.resume()
    }
  } finally {
    ;(archive as Readable).destroy()
  }
}
