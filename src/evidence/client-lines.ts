import type { Answers, Body, Headers } from '../content/answer.ts'
import { ClientLog, type Restored } from '../load/client-log.ts'
import type { PlannedLoad } from '../plan/plan.ts'

/**
 * The client's record as NDJSON: the start of the load in epoch ms, then one line a request in the order in which they
 * ended, and before it one for each body and set of headers that was not seen before. Times are ms after the start of
 * the load, to a microsecond.
 */
interface RequestLine extends Restored {
  /** Its place in the order of sending, counted from 0. */
  i: number
}

type ContentLine = { n: number; body: Body | null } | { n: number; headers: Headers | null }

/** Writes the lines while the load runs. */
export class ClientLines {
  readonly #log: ClientLog
  readonly #hide: (text: string) => string
  #bodies = 1
  #headers = 1

  /** @param hide - takes secrets out of text */
  constructor(log: ClientLog, hide: (text: string) => string) {
    this.#log = log
    this.#hide = hide
  }

  start(): string {
    return `{"startedAt":${micros(this.#log.startedAt)}}`
  }

  /** The lines for a request that has ended. Put together by hand: they are made once a request. */
  ended(i: number): string {
    const { answers, due, request, status, errors } = this.#log
    const { bodies, headers, bodyOf, headersOf } = answers
    let before = ''
    while (this.#bodies < bodies.length) before += `${this.#content({ n: this.#bodies, body: bodies[this.#bodies++] as Body | null })}\n`
    while (this.#headers < headers.length)
      before += `${this.#content({ n: this.#headers, headers: headers[this.#headers++] as Headers | null })}\n`
    const error = errors.get(i)
    const said = bodyOf[i] ? `,"body":${bodyOf[i]},"headers":${headersOf[i]}` : ''
    const grpc = this.#log.grpcStatusOf(i)
    const more = error === undefined ? said : `${said},"error":${JSON.stringify(error)}`
    return `${before}{"i":${i},"due":${micros(due[i])},"request":${request[i]},"sent":${micros(this.#log.sentAt(i))},"end":${micros(this.#log.endAt(i))},"status":${status[i]}${grpc === null ? '' : `,"grpc":${grpc}`}${more}}`
  }

  #content(line: ContentLine): string {
    let hidden = false
    const text = JSON.stringify(line, (_, value: unknown) => {
      const shown = typeof value === 'string' ? this.#hide(value) : value
      hidden ||= shown !== value
      return shown
    })
    return hidden ? text.replace(/}}$/, ',"hidden":true}}') : text
  }
}

const micros = (ms: number | undefined) => Math.round((ms as number) * 1000) / 1000

const LOST = 'chaos was killed while it was in flight'

/**
 * Reads the record back. A request that has no line, though a later one has, was in flight when chaos was killed.
 * @returns null where not even the start of the load is known
 */
export function readClientLines(from: Iterable<string>, load: PlannedLoad): { client: ClientLog; lines: number } | null {
  let client: ClientLog | undefined
  let known = 0
  for (const each of from) {
    const line = parsed(each) as Partial<RequestLine> | ContentLine | { startedAt: number } | undefined
    if (client === undefined) {
      if (line === undefined || !('startedAt' in line) || typeof line.startedAt !== 'number') return null
      client = load.kind === 'open' ? new ClientLog(line.startedAt, load.due.length, load) : new ClientLog(line.startedAt)
    } else if (line === undefined || 'startedAt' in line) continue
    else if ('n' in line) keep(line, client.answers)
    else if (isRequest(line) && line.i < client.count + MOST_LOST && client.restore(line.i, line)) known++
  }
  if (client === undefined) return null
  client.close(0)
  for (let i = 0; i < client.count; i++) {
    if (!client.isMissing(i)) continue
    const [due, request] = load.kind === 'open' ? [load.due[i] as number, load.request[i] as number] : [client.due[i - 1] ?? 0, 0]
    client.restore(i, { due, request, sent: due, end: Number.NaN, status: 0, error: LOST })
  }
  return { client, lines: known }
}

const isRequest = (line: Partial<RequestLine>): line is RequestLine => Number.isSafeInteger(line.i) && (line.i as number) >= 0

/** More requests than this are never in flight at once: a larger index is no line of ours, and would fill the memory. */
const MOST_LOST = 1_000_000

function keep(line: ContentLine, { bodies, headers }: Answers): void {
  if ('body' in line) bodies[line.n] = line.body
  else if ('headers' in line) headers[line.n] = line.headers
}

function parsed(line: string | undefined): object | undefined {
  try {
    const value: unknown = line ? JSON.parse(line) : undefined
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
