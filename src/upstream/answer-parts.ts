/** A piece of what comes back on a connection. A head is whole; `isFinal` tells it from a 100 Continue. */
export type Part = { kind: 'head'; bytes: Buffer; isFinal: boolean } | { kind: 'body'; bytes: Buffer } | { kind: 'end' }

const NOTHING = Buffer.alloc(0)
const HEAD_END = '\r\n\r\n'
const LINE_END = 10

/**
 * Where answers begin and end on one HTTP/1 connection, as Envoy writes them: one after the other, a head for each request.
 * What is held back is never more than the beginning of a head.
 * @see RFC 9112, section 6.3
 */
export class AnswerParts {
  #held: Buffer = NOTHING
  #body: Body | null = null
  #toHead = false

  /** A request went out, whose answer is next. */
  expect(request: { isHead: boolean }): void {
    this.#toHead = request.isHead
  }

  *read(chunk: Buffer): Generator<Part> {
    let rest = chunk
    while (rest.length > 0) {
      if (this.#body === null) {
        const known = this.#held.length === 0 ? rest : Buffer.concat([this.#held, rest])
        const end = known.indexOf(HEAD_END)
        if (end === -1) {
          this.#held = known
          return
        }
        this.#held = NOTHING
        const bytes = known.subarray(0, end + HEAD_END.length)
        rest = known.subarray(bytes.length)
        const isFinal = statusOf(bytes) >= 200 || statusOf(bytes) === SWITCHING
        yield { kind: 'head', bytes, isFinal }
        this.#body = isFinal ? bodyAfter(bytes, this.#toHead) : null
        if (this.#body?.isOver === true) yield this.#end()
      } else {
        const taken = this.#body.take(rest)
        yield { kind: 'body', bytes: rest.subarray(0, taken) }
        rest = rest.subarray(taken)
        if (this.#body.isOver) yield this.#end()
      }
    }
  }

  #end(): Part {
    this.#body = null
    return { kind: 'end' }
  }
}

const SWITCHING = 101
const BODILESS = [204, 304]

/** `HTTP/1.1 200 OK` */
const statusOf = (head: Buffer) => Number(head.toString('latin1', 9, 12))

function bodyAfter(head: Buffer, toHead: boolean): Body {
  const status = statusOf(head)
  if (status === SWITCHING) return new Counted(Number.POSITIVE_INFINITY)
  if (toHead || BODILESS.includes(status)) return new Counted(0)
  const text = head.toString('latin1')
  if (/^transfer-encoding:.*chunked/im.test(text)) return new Chunked()
  const length = /^content-length:\s*(\d+)/im.exec(text)?.[1]
  return new Counted(length === undefined ? Number.POSITIVE_INFINITY : Number(length))
}

interface Body {
  isOver: boolean
  /** @returns how many of the bytes belong to it */
  take(bytes: Buffer): number
}

/** So many bytes; without an end where the connection's is its own. */
class Counted implements Body {
  #left: number

  constructor(length: number) {
    this.#left = length
  }

  get isOver() {
    return this.#left === 0
  }

  take(bytes: Buffer): number {
    const taken = Math.min(this.#left, bytes.length)
    this.#left -= taken
    return taken
  }
}

class Chunked implements Body {
  isOver = false
  #isTrailer = false
  #line = ''
  /** Of the chunk, and of the line end behind it. */
  #left = 0

  take(bytes: Buffer): number {
    let at = 0
    while (at < bytes.length && !this.isOver) {
      if (this.#left > 0) {
        const passed = Math.min(this.#left, bytes.length - at)
        this.#left -= passed
        at += passed
        continue
      }
      const end = bytes.indexOf(LINE_END, at)
      this.#line += bytes.toString('latin1', at, end === -1 ? bytes.length : end)
      if (end === -1) return bytes.length
      at = end + 1
      this.#endLine()
    }
    return at
  }

  #endLine(): void {
    const line = this.#line.trimEnd()
    this.#line = ''
    if (this.#isTrailer) this.isOver = line === ''
    else {
      const size = Number.parseInt(line, 16)
      if (size > 0) this.#left = size + '\r\n'.length
      else this.#isTrailer = true
    }
  }
}
