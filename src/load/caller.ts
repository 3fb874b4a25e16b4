import type { IncomingHttpHeaders } from 'node:http'
import type { Client, WireRequest } from './autocannon.ts'
import { type Ending, Receipt } from './receipt.ts'

/** Before connecting again where nobody listens; autocannon would try again at once, without end. */
const RECONNECT_MS = 100
/** Timers of autocannon may fire so much early. */
const TIMER_MS = 5

/** What a caller asks for, and whom it tells. Times are ms after the start of the load. */
export interface CallerOrders {
  now(): number
  isOver(): boolean
  /** Whether a request may go now; when not, `go` is called when that may have changed. */
  lets(go: () => void): boolean
  /** Between an answer and the next request. */
  think(): number
  /** How long an answer is waited for. */
  giveUpMs: number
  /** @param wantedAt - from when on it might have been sent */
  begin(wantedAt: number): { index: number; request: WireRequest }
  finish(index: number, ending: Ending): void
}

/**
 * One caller of a closed loop: a client of autocannon that sends each request when it is wanted, and says how it ended.
 *
 * autocannon by itself sends at once and without end, and where a connection breaks it goes on with the next request: of
 * the lost one it says nothing, and the next answer is taken for the lost one's. So `_doRequest` (a request may be sent)
 * and `_connect` (there is no connection any more) are taken over, and the hooks of the parser: by themselves they do not know
 * that an answer to HEAD has no body, nor what an interim response is. Sending, parsing and time limits stay its own.
 */
export class Caller {
  readonly #client: Client
  readonly #orders: CallerOrders
  readonly #send: () => void
  readonly #connect: () => void
  #current: { index: number; isHead: boolean; sentAt: number; receipt: Receipt } | undefined
  #failure: string | undefined
  #keepsAlive = true
  /** There is a connection, or one is on its way, and no request is on it. */
  #isFree = false
  #isWaiting = false
  #isLosing = false
  #isDone = false
  #wantedAt = 0
  #hasConnected = true

  constructor(client: Client, orders: CallerOrders) {
    this.#client = client
    this.#orders = orders
    this.#send = client._doRequest.bind(client)
    this.#connect = client._connect.bind(client)
    const disconnect = client._destroyConnection.bind(client)
    client._doRequest = () => this.#free()
    client._connect = () => this.#reconnect()
    // There may be none yet.
    client._destroyConnection = () => void (client.conn && disconnect())
    // The parser gets its hooks after this, and before it gets any data.
    queueMicrotask(() => this.#hookParser())
    client.on('response', () => this.#settle(null))
    client.on('connError', (error: Error) => {
      this.#failure = error.message || error.name
    })
  }

  /** Gives up what is in flight, and ends. */
  stop(reason: string): void {
    this.#settle(reason)
    this.#end()
  }

  /** Ends, if it waits for nothing but its next request; else it will when that is answered. */
  retire(): void {
    if (this.#current === undefined) this.#end()
  }

  #end(): void {
    this.#isDone = true
    this.#client.destroy()
  }

  #free(): void {
    if (this.#isLosing) return
    this.#isFree = this.#keepsAlive
    if (this.#isFree) this.#next()
    else this.#client._resetConnection()
  }

  #next(): void {
    if (!this.#isFree || this.#isWaiting || this.#isDone) return
    if (this.#orders.isOver()) {
      this.#end()
      return
    }
    const go = () => {
      this.#isWaiting = false
      this.#next()
    }
    const goFromNow = () => {
      this.#wantedAt = this.#orders.now()
      go()
    }
    const early = this.#wantedAt - this.#orders.now()
    if (early > 0) setTimeout(go, early)
    this.#isWaiting = early > 0 || !this.#orders.lets(goFromNow)
    if (!this.#isWaiting) this.#begin()
  }

  #begin(): void {
    const { index, request } = this.#orders.begin(this.#wantedAt)
    this.#current = { index, isHead: request.method === 'HEAD', sentAt: this.#orders.now(), receipt: new Receipt() }
    this.#failure = undefined
    this.#isFree = false
    this.#client.setRequests([request])
    this.#send()
  }

  #settle(error: string | null): void {
    if (this.#current === undefined) return
    const { index, receipt } = this.#current
    this.#current = undefined
    this.#orders.finish(index, receipt.end(error))
    this.#wantedAt = this.#orders.now() + this.#orders.think()
  }

  /** The connection ended, failed or was given up, or there is none yet. */
  #reconnect(): void {
    const { parser } = this.#client
    this.#isFree = false
    const why = this.#whyLost()
    this.#isLosing = true
    // With the connection ends a response that has no length.
    if (why === undefined) parser.finish()
    this.#isLosing = false
    this.#settle(why ?? 'the other side closed the connection')
    this.#client._destroyConnection()
    parser.reinitialize('RESPONSE')
    this.#keepsAlive = true
    // Not within the constructor of the client, where nobody listens to its end yet: on a busy machine the load may be over by then.
    if (this.#orders.isOver()) queueMicrotask(() => this.#end())
    else if (this.#hasConnected) this.#open()
    else setTimeout(() => this.#isDone || this.#open(), RECONNECT_MS)
  }

  /** Why the current request has no whole answer; undefined when its connection just ended, which may be an answer's end. */
  #whyLost(): string | undefined {
    const { now, giveUpMs } = this.#orders
    if (this.#current === undefined) return undefined
    if (this.#failure !== undefined || now() - this.#current.sentAt < giveUpMs - TIMER_MS) return this.#failure
    return this.#client.parser.hadError
      ? 'the answer is not HTTP/1.1'
      : `no answer ${giveUpMs / 1000} s after the due time: the client hung up`
  }

  #open(): void {
    this.#hasConnected = false
    this.#wantedAt = Math.max(this.#wantedAt, this.#orders.now())
    this.#connect()
    this.#client.conn?.once('connect', () => {
      this.#hasConnected = true
    })
  }

  #hookParser(): void {
    const { parser } = this.#client
    const { 2: onHeaders, 4: onComplete } = parser
    parser[1] = (trailers) => this.#current?.receipt.addTrailers(headersOf(trailers))
    let isInterim = false
    parser[2] = (info) => {
      isInterim = info.statusCode < 200 && info.statusCode !== 101
      if (isInterim) return false
      this.#current?.receipt.begin(info.statusCode, headersOf(info.headers))
      this.#keepsAlive = info.shouldKeepAlive
      onHeaders(info)
      return this.#current?.isHead === true
    }
    parser[3] = (data, start, length) => this.#current?.receipt.add(data.subarray(start, start + length))
    parser[4] = () => {
      // What nobody asked for is no answer: a server may say that it closes an idle connection.
      if (!isInterim && this.#current !== undefined) onComplete()
    }
  }
}

/** Of names and values in turn. */
function headersOf(raw: readonly string[]): IncomingHttpHeaders {
  const headers: Record<string, string | string[]> = {}
  for (let i = 0; i < raw.length; i += 2) {
    const [name, value] = [raw[i]?.toLowerCase() ?? '', raw[i + 1] ?? '']
    const known = headers[name]
    headers[name] = known === undefined ? value : [...(Array.isArray(known) ? known : [known]), value]
  }
  return headers
}
