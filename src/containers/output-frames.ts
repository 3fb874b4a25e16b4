/** Docker puts them before each piece of what a container says: which stream, three zeros, and the length. */
const HEADER_BYTES = 8

/** What a container said, without the headers. */
export function* frames(whole: Buffer): Generator<Buffer> {
  for (let at = 0; at + HEADER_BYTES <= whole.length; ) {
    const end = at + HEADER_BYTES + whole.readUInt32BE(at + 4)
    yield whole.subarray(at + HEADER_BYTES, end)
    at = end
  }
}

/** The same of what comes bit by bit, and may be too much for the memory; a piece is handed on in the parts in which it comes. */
export async function* unframed(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let header = Buffer.alloc(0)
  /** Bytes of the piece that are still to come. */
  let left = 0
  for await (let chunk of stream) {
    while (chunk.length > 0) {
      if (left === 0) {
        const missing = HEADER_BYTES - header.length
        header = Buffer.concat([header, chunk.subarray(0, missing)])
        chunk = chunk.subarray(missing)
        if (header.length < HEADER_BYTES) break
        left = header.readUInt32BE(4)
        header = Buffer.alloc(0)
        continue
      }
      const part = chunk.subarray(0, left)
      left -= part.length
      chunk = chunk.subarray(part.length)
      yield part
    }
  }
}
