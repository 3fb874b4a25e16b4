import { connect, type Socket } from 'node:net'
import { AnswerParts } from './answer-parts.ts'
import { RESET_HEADER, RESET_MARK } from './reset-mark.ts'

const HEAD_METHOD = 'HEAD '
const RESETS = `\r\n${RESET_HEADER}: ${RESET_MARK}\r\n`
const CLOSES = 'connection: close\r\n'

/**
 * One connection through a door, passed on to the hop and back as it comes. Only the head of an answer is looked at: one
 * that asks for a reset goes nowhere, and Envoy sees the connection end in its place.
 */
export class Passage {
  readonly #egress: Socket
  readonly #hop: Socket
  readonly #answers = new AnswerParts()
  #isBusy = false
  #isDraining = false

  /** @param onOver - called when the side of Envoy's egress is closed */
  constructor(egress: Socket, hop: { host: string; port: number }, onOver: () => void) {
    this.#egress = egress
    this.#hop = connect({ ...hop, noDelay: true })
    egress
      .on('data', (chunk: Buffer) => this.#ask(chunk))
      .on('drain', () => this.#hop.resume())
      // Envoy closes a connection as a whole.
      .on('end', () => this.#hop.destroy())
      .on('error', () => this.#hop.destroy())
      .on('close', () => {
        this.#hop.destroy()
        onOver()
      })
    this.#hop
      .on('data', (chunk: Buffer) => this.#answer(chunk))
      .on('drain', () => egress.resume())
      .on('end', () => egress.end())
      .on('error', () => this.reset())
      .on('close', () => egress.end())
  }

  /** It has a request whose answer is not over. */
  get isBusy(): boolean {
    return this.#isBusy
  }

  /** Ends it when it is idle, which may be now. */
  drain(): void {
    this.#isDraining = true
    if (!this.#isBusy) this.#egress.destroy()
  }

  reset(): void {
    this.#egress.resetAndDestroy()
    this.#hop.destroy()
  }

  #ask(chunk: Buffer): void {
    if (!this.#isBusy) {
      this.#isBusy = true
      this.#answers.expect({ isHead: chunk.toString('latin1', 0, HEAD_METHOD.length) === HEAD_METHOD })
    }
    if (!this.#hop.write(chunk)) this.#egress.pause()
  }

  #answer(chunk: Buffer): void {
    for (const part of this.#answers.read(chunk)) {
      if (this.#egress.destroyed) return
      if (part.kind === 'end') this.#end()
      else if (part.kind === 'body') this.#pass(part.bytes)
      else if (part.bytes.includes(RESETS)) this.reset()
      // Said beforehand: or Envoy might give it to a request that waits for one, in the instant before it is closed.
      else this.#pass(this.#isDraining && part.isFinal ? withClose(part.bytes) : part.bytes)
    }
  }

  #pass(bytes: Buffer): void {
    if (!this.#egress.write(bytes)) this.#hop.pause()
  }

  #end(): void {
    this.#isBusy = false
    if (this.#isDraining) this.#egress.end()
  }
}

/** The head of an answer, after which the connection ends. */
function withClose(head: Buffer): Buffer {
  const end = head.length - '\r\n'.length
  return Buffer.concat([head.subarray(0, end), Buffer.from(CLOSES), head.subarray(end)])
}
