import { closeSync, openSync, readSync } from 'node:fs'

const CHUNK_BYTES = 1 << 16
const NEWLINE = 10

/**
 * The content of a file, part by part: logs of a long run do not fit the memory. All parts lie in the same bytes, so each
 * is to be used, or copied, before the next one is asked for.
 * @param most - bytes; what comes after them is left out
 * @throws the system's error when the file cannot be read
 */
export function* chunksOf(path: string, most = Number.POSITIVE_INFINITY): Generator<Buffer> {
  const fd = openSync(path, 'r')
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    for (let left = most; left > 0; ) {
      const read = readSync(fd, chunk, 0, Math.min(CHUNK_BYTES, left), null)
      if (read === 0) return
      left -= read
      yield chunk.subarray(0, read)
    }
  } finally {
    closeSync(fd)
  }
}

/**
 * Its lines, in pieces of many: each piece ends with a line break, but for a last line that has none. Each is to be used
 * before the next one is asked for.
 */
export function* linePiecesOf(path: string, most?: number): Generator<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  for (const chunk of chunksOf(path, most)) {
    const end = chunk.lastIndexOf(NEWLINE) + 1
    if (end > 0) yield rest.length === 0 ? chunk.subarray(0, end) : Buffer.concat([rest, chunk.subarray(0, end)])
    rest = end > 0 ? Buffer.from(chunk.subarray(end)) : Buffer.concat([rest, chunk])
  }
  if (rest.length > 0) yield rest
}

/** Its lines, without line breaks; empty ones are left out. */
export function* linesOf(path: string, most?: number): Generator<string> {
  for (const piece of linePiecesOf(path, most)) for (const line of piece.toString().split('\n')) if (line !== '') yield line
}
