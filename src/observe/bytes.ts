/** Whole numbers and times in few bytes, one after the other: small ones in one byte, larger ones in as many as they need. */

const CHUNK_BYTES = 1 << 16
/** More than any one record of ours needs; a longer one gets a chunk of its own. */
const ROOM_BYTES = 1 << 12

const MICROS_PER_MS = 1000

/** Where chunks go that are full. */
export interface Chunks {
  /** How many there are. */
  readonly length: number
  /** Keeps a copy. */
  add(chunk: Uint8Array): void
  /** Good until another one is asked for. */
  at(index: number): Uint8Array
}

/** In memory. */
export class KeptChunks implements Chunks {
  readonly #chunks: Uint8Array[] = []

  get length(): number {
    return this.#chunks.length
  }

  add(chunk: Uint8Array): void {
    this.#chunks.push(chunk.slice())
  }

  at(index: number): Uint8Array {
    return this.#chunks[index] as Uint8Array
  }
}

/** Fills one chunk after the other; the last one stays with it. */
export class ByteWriter {
  readonly #full: Chunks
  #bytes = new Uint8Array(CHUNK_BYTES)
  #at = 0

  constructor(full: Chunks) {
    this.#full = full
  }

  /** Begins an item: all of it stands in one chunk. @returns where, for a reader */
  begin(): { chunk: number; at: number } {
    if (this.#bytes.length - this.#at < ROOM_BYTES) {
      this.#full.add(this.#bytes.subarray(0, this.#at))
      if (this.#bytes.length > CHUNK_BYTES) this.#bytes = new Uint8Array(CHUNK_BYTES)
      this.#at = 0
    }
    return { chunk: this.#full.length, at: this.#at }
  }

  /** The chunk, be it full or not. */
  chunk(index: number): Uint8Array {
    return index === this.#full.length ? this.#bytes : this.#full.at(index)
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
    this.#bytes = grown
  }
}

/** Reads what a writer wrote. */
export class ByteReader {
  readonly #writer: ByteWriter
  #bytes = new Uint8Array(0)
  #at = 0

  constructor(writer: ByteWriter) {
    this.#writer = writer
  }

  seek(chunk: number, at: number): void {
    this.#bytes = this.#writer.chunk(chunk) as Uint8Array<ArrayBuffer>
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
