import type { JournalLine } from './spec.ts'

/** Lines wait this long for company, in ms: one write a batch, so that 1,000 requests a second cost 20 writes. */
const BATCH_MS = 50

/** The stub's record of its requests: one line each, written in batches in the order in which the requests finished. */
export class Journal {
  readonly #write: (text: string) => Promise<void>
  #batch: string[] = []
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()
  #lines = 0
  #active = 0

  /** @param write - writes a text completely, or throws; never called before its last promise is settled. */
  constructor(write: (text: string) => Promise<void>) {
    this.#write = write
  }

  /** Requests that have arrived and have no line yet. */
  get active(): number {
    return this.#active
  }

  /** A request has arrived; `finish` must follow. */
  begin(): void {
    this.#active++
  }

  finish(line: JournalLine): void {
    this.#active--
    this.#batch.push(`${JSON.stringify(line)}\n`)
    this.#timer ??= setTimeout(() => void this.flush(), BATCH_MS)
  }

  /** Writes out every line of a request that has finished by now. @returns how many lines have been written since the start. */
  async flush(): Promise<number> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#writing = this.#writing.then(() => this.#writeBatch())
    await this.#writing
    return this.#lines
  }

  async #writeBatch(): Promise<void> {
    const batch = this.#batch
    if (batch.length === 0) return
    this.#batch = []
    await this.#write(batch.join(''))
    this.#lines += batch.length
  }
}
