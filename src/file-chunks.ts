import { closeSync, openSync, readSync } from 'node:fs'

const CHUNK_BYTES = 1 << 16
const NEWLINE = 10

/** What was read into before. To ask for new memory each time leaves megabytes behind: a long run is read from thousands of files. */
const free: Buffer[] = []

/** @param use - given memory that nobody else has until it ends */
function* lent<T>(use: (memory: Buffer) => Generator<T>): Generator<T> {
  const memory = free.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES)
  try {
    yield* use(memory)
  } finally {
    free.push(memory)
  }
}

function* opened<T>(path: string, use: (fd: number) => Generator<T>): Generator<T> {
  const fd = openSync(path, 'r')
  try {
    yield* use(fd)
  } finally {
    closeSync(fd)
  }
}

/**
 * The content of a file, part by part: logs of a long run do not fit the memory. All parts lie in the same bytes, so each
 * is to be used, or copied, before the next one is asked for.
 * @param most - bytes; what comes after them is left out
 * @throws the system's error when the file cannot be read
 */
export function chunksOf(path: string, most = Number.POSITIVE_INFINITY): Generator<Buffer> {
  return opened(path, (fd) =>
    lent(function* (memory) {
      for (let left = most; left > 0; ) {
        const read = readSync(fd, memory, 0, Math.min(memory.length, left), null)
        if (read === 0) return
        left -= read
        yield memory.subarray(0, read)
      }
    }),
  )
}

/**
 * Its lines, in pieces of many: each piece ends with a line break, but for a last line that has none. Each is to be used
 * before the next one is asked for.
 */
export function linePiecesOf(path: string, most = Number.POSITIVE_INFINITY): Generator<Buffer> {
  return opened(path, (fd) =>
    lent(function* (memory) {
      let held = memory
      /** Bytes of a line whose end is not read yet. */
      let begun = 0
      for (let left = most; left > 0; ) {
        if (begun === held.length) held = Buffer.concat([held], 2 * held.length)
        const read = readSync(fd, held, begun, Math.min(held.length - begun, left), null)
        if (read === 0) break
        left -= read
        const filled = begun + read
        const end = held.lastIndexOf(NEWLINE, filled - 1) + 1
        if (end > 0) {
          yield held.subarray(0, end)
          held.copyWithin(0, end, filled)
        }
        begun = filled - end
      }
      if (begun > 0) yield held.subarray(0, begun)
    }),
  )
}

/** Its lines, without line breaks; empty ones are left out. */
export function* linesOf(path: string, most?: number): Generator<string> {
  for (const piece of linePiecesOf(path, most)) for (const line of piece.toString().split('\n')) if (line !== '') yield line
}
