/** Whole numbers and times in few bytes, one after the other: small ones in one byte, larger ones in as many as they need. */

const CHUNK_BYTES = 1 << 18
/** More than any one record of ours needs; a longer one gets a chunk of its own. */
const ROOM_BYTES = 1 << 12

const MICROS_PER_MS = 1000

/** Writes into chunks that never move, so that growing copies nothing. */
export class ByteWriter {
  readonly chunks: Uint8Array[] = []
  #bytes = new Uint8Array(0)
  #at = 0

  /** Begins an item: all of it stands in one chunk. @returns where, for a reader */
  begin(): { chunk: number; at: number } {
    if (this.#bytes.length - this.#at < ROOM_BYTES) this.#open(CHUNK_BYTES)
    return { chunk: this.chunks.length - 1, at: this.#at }
  }

  /** 0 or more. */
  whole(value: number): void {
    let left = value
    while (left >= 0x80) {
      this.#byte((left % 0x80) + 0x80)
      left = Math.floor(left / 0x80)
    }
    this.#byte(left)
  }

  /** Ms of either sign, to the microsecond. */
  time(ms: number): void {
    const micros = Math.round(ms * MICROS_PER_MS)
    this.whole(micros < 0 ? -micros * 2 - 1 : micros * 2)
  }

  #byte(value: number): void {
    this.#ensure(1)
    this.#bytes[this.#at++] = value
  }

  /** An item that outgrows its chunk would be torn apart: the chunk grows, which only an item of its own size needs. */
  #ensure(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return
    const grown = new Uint8Array(2 * this.#bytes.length)
    grown.set(this.#bytes)
    this.chunks[this.chunks.length - 1] = grown
    this.#bytes = grown
  }

  #open(size: number): void {
    this.#bytes = new Uint8Array(size)
    this.#at = 0
    this.chunks.push(this.#bytes)
  }
}

export class ByteReader {
  readonly #chunks: readonly Uint8Array[]
  #bytes = new Uint8Array(0)
  #at = 0

  constructor(chunks: readonly Uint8Array[]) {
    this.#chunks = chunks
  }

  seek(chunk: number, at: number): void {
    const bytes = this.#chunks[chunk] as Uint8Array<ArrayBuffer>
    this.#bytes = bytes
    this.#at = at
  }

  whole(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw new Error('an item is read beyond its chunk')
      if (byte < 0x80) return value + byte * scale
      value += (byte - 0x80) * scale
      scale *= 0x80
    }
  }

  time(): number {
    const zigzag = this.whole()
    return (zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2) / MICROS_PER_MS
  }
}
