import type { IncomingHttpHeaders } from 'node:http'
import { type Answers, type Body, type Column, type Headers, KEPT_BODY_BYTES, whyValueNotKept } from '../content/answer.ts'

/** Of different bodies together, and of different sets of headers, in bytes. */
const MOST_BYTES = { bodies: 32 << 20, headers: 16 << 20 }
/** What an entry costs besides its content, roughly. */
const ENTRY_BYTES = 200
/** A header with more values than this (the id of a trace, say) tells answers apart: its values are not kept. */
const MOST_VALUES = 1000
/** Most answers equal one of the last few, which comparing their bytes finds sooner than a table does. */
const RECENT = 4

/** What came of one answer. */
export interface Received {
  headers: IncomingHttpHeaders
  /** The first bytes of the body: at least `KEPT_BODY_BYTES`, where there are so many. */
  begun: Buffer
  /** Bytes of body that came. */
  bytes: number
  /** The answer ended before its end. */
  broken: boolean
}

/** Keeps what answers say, each different content once, up to a bound. */
export class AnswerKeeper {
  readonly #answers: Answers
  readonly #bodies: Table<Body>
  readonly #headers: Table<Headers>
  /** The values of each header so far; null where none is kept. */
  readonly #values = new Map<string, Set<string> | null>()
  readonly #recent: { begun: Buffer; bytes: number; broken: boolean; number: number }[] = []

  /** @param answers - filled as they come */
  constructor(answers: Answers) {
    this.#answers = answers
    this.#bodies = new Table(answers.bodies, MOST_BYTES.bodies)
    this.#headers = new Table(answers.headers, MOST_BYTES.headers)
  }

  /** @param index - of the request */
  keep(index: number, received: Received): void {
    this.restore(index, this.#bodyNumber(received), this.#headersNumber(received.headers))
  }

  /** @param body - its number among the bodies, as `headers` among the sets of headers; 0 for no answer */
  restore(index: number, body: number, headers: number): void {
    const answers = this.#answers
    answers.bodyOf = withNumber(answers.bodyOf, index, body)
    answers.headersOf = withNumber(answers.headersOf, index, headers)
  }

  /** Nothing more will come. @param count - of the requests */
  close(count: number): void {
    if (count >= this.#answers.bodyOf.length) return
    this.#answers.bodyOf = this.#answers.bodyOf.slice(0, count)
    this.#answers.headersOf = this.#answers.headersOf.slice(0, count)
  }

  #bodyNumber({ begun, bytes, broken }: Received): number {
    const kept = begun.subarray(0, KEPT_BODY_BYTES)
    const seen = this.#recent.find((other) => other.bytes === bytes && other.broken === broken && other.begun.equals(kept))
    if (seen) return seen.number
    const number = this.#bodies.numberOf(`${bytes} ${broken} ${kept.toString('latin1')}`, () => readBody(kept, bytes, broken))
    // A copy: what came shares its memory with the bytes around it.
    this.#recent.unshift({ begun: Buffer.from(kept), bytes, broken, number })
    this.#recent.length = Math.min(this.#recent.length, RECENT)
    return number
  }

  #headersNumber(received: IncomingHttpHeaders): number {
    const fields: [name: string, value: string | null][] = []
    let key = ''
    for (const name of Object.keys(received)) {
      const lines = received[name]
      const value = this.#valueOf(name, Array.isArray(lines) ? lines.join(', ') : (lines ?? ''))
      fields.push([name, value])
      key += value === null ? `${name}\n` : `${name}:${value}\n`
    }
    return this.#headers.numberOf(key, () => ({ fields: Object.fromEntries(fields) }))
  }

  #valueOf(name: string, value: string): string | null {
    let values = this.#values.get(name)
    if (values === undefined) {
      values = whyValueNotKept(name) === undefined ? new Set() : null
      this.#values.set(name, values)
    }
    if (values === null) return null
    if (!values.has(value)) {
      if (values.size >= MOST_VALUES) return null
      values.add(value)
    }
    return value
  }
}

/** Different contents by number, each once, until they are too many. */
class Table<T> {
  readonly #entries: (T | { kept: false } | null)[]
  readonly #numbers = new Map<string, number>()
  readonly #most: number
  #spent = 0
  #unkept: number | undefined

  constructor(entries: (T | { kept: false } | null)[], most: number) {
    this.#entries = entries
    this.#most = most
  }

  numberOf(key: string, read: () => T): number {
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    const spent = this.#spent + key.length + ENTRY_BYTES
    if (spent > this.#most) {
      this.#unkept ??= this.#entries.push({ kept: false }) - 1
      return this.#unkept
    }
    this.#spent = spent
    const number = this.#entries.push(read()) - 1
    this.#numbers.set(key, number)
    return number
  }
}

/** What has bytes that are no UTF-8 is no text; a character may be cut in two where the kept part ends. */
function readBody(kept: Buffer, bytes: number, broken: boolean): Body {
  const whole = !broken && kept.length === bytes
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(kept, { stream: !whole }), bytes, whole }
  } catch {
    return { binary: true, bytes }
  }
}

/** @returns the column, or a larger or wider one in its place where the number does not fit in */
function withNumber(column: Column, index: number, number: number): Column {
  const width = Math.max(widthOf(number), column.BYTES_PER_ELEMENT) as Width
  const fits = index < column.length && width === column.BYTES_PER_ELEMENT
  const room = fits ? column : new COLUMNS[width](index < column.length ? column.length : Math.max(1024, index + 1, column.length * 2))
  if (!fits) room.set(column)
  room[index] = number
  return room
}

const COLUMNS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array }
type Width = keyof typeof COLUMNS
const widthOf = (number: number): Width => (number < 1 << 8 ? 1 : number < 1 << 16 ? 2 : 4)
