import { closeSync, createWriteStream, fstatSync, openSync, type WriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { cannotWrite } from './topology/disk.ts'

/** Lines wait this long for company, in ms: what a sudden death may cost, and few enough writes to disturb no load. */
const BATCH_MS = 100

/** A file of lines that grows while a run goes on. Writing never blocks, and an error waits for `close`. */
export class LineFile {
  readonly #path: string
  readonly #fd: number
  readonly #stream: WriteStream
  #batch = ''
  #timer: NodeJS.Timeout | undefined
  #failure: Error | undefined
  #closed: Promise<void> | undefined

  /** @throws the system's error when the file cannot be made */
  constructor(path: string) {
    this.#path = path
    this.#fd = openSync(path, 'w')
    this.#stream = createWriteStream('', { fd: this.#fd, autoClose: false })
    this.#stream.on('error', (error) => {
      this.#failure ??= error
    })
  }

  write(line: string): void {
    this.#batch += `${line}\n`
    this.#timer ??= setTimeout(() => this.#flush(), BATCH_MS)
  }

  /** Whether the file still has a name. */
  get isLinked(): boolean {
    return fstatSync(this.#fd).nlink > 0
  }

  /** Waits until all is on disk. @throws ChaosError when something could not be written, at any time */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#flush()
    if (!this.#failure) {
      this.#stream.end()
      await finished(this.#stream).catch((error: Error) => {
        this.#failure ??= error
      })
    }
    closeSync(this.#fd)
    if (this.#failure) throw cannotWrite(this.#path, this.#failure)
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#batch !== '' && !this.#failure) this.#stream.write(this.#batch)
    this.#batch = ''
  }
}
