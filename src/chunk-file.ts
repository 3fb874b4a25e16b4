import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { collectNowAndThen } from './lean-heap.ts'
import type { Chunks } from './observe/bytes.ts'
import { writing } from './topology/disk.ts'

/** So many are in memory, those that were read last: whoever goes through all of them reads each once. */
const HELD = 4

/** Chunks on disk. Their file has no name any more from the start, so that nothing is left of it however the process ends. */
export class ChunkFile implements Chunks {
  readonly #path: string
  readonly #fd: number
  /** Where each of them ends. */
  readonly #ends: number[] = []
  readonly #held = new Map<number, Uint8Array>()

  /** @throws ChaosError when it cannot be made */
  constructor(path: string) {
    this.#path = path
    this.#fd = writing(path, () => openSync(path, 'wx+', 0o600))
    rmSync(path)
    UNREACHABLE.register(this, this.#fd)
  }

  get length(): number {
    return this.#ends.length
  }

  /** @throws ChaosError when the disk does not take it */
  add(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) at += writing(this.#path, () => writeSync(this.#fd, chunk, at))
    this.#ends.push((this.#ends.at(-1) ?? 0) + chunk.length)
  }

  at(index: number): Uint8Array {
    const held = this.#held.get(index)
    if (held !== undefined) return held
    collectNowAndThen()
    const from = index === 0 ? 0 : (this.#ends[index - 1] as number)
    const chunk = this.#room((this.#ends[index] as number) - from)
    for (let at = 0; at < chunk.length; ) {
      const read = readSync(this.#fd, chunk, at, chunk.length - at, from + at)
      if (read === 0) throw new Error(`${this.#path} is shorter than what was written to it`)
      at += read
    }
    this.#held.set(index, chunk)
    return chunk
  }

  /** That of the one that has been held for longest, where it suffices: new memory for each leaves much behind. */
  #room(length: number): Uint8Array {
    const [oldest] = this.#held
    if (oldest === undefined || this.#held.size < HELD) return new Uint8Array(length)
    this.#held.delete(oldest[0])
    const { buffer } = oldest[1]
    return new Uint8Array(buffer.byteLength < length ? new ArrayBuffer(length) : buffer, 0, length)
  }
}

/** The run is over when nobody holds its records, which no one place can know. */
const UNREACHABLE = new FinalizationRegistry(closeSync)
