import type { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import type { Socket } from 'node:net'

/**
 * What we use of autocannon 9.0.0. Some of it are its client's own methods: hence the exact version in package.json, and
 * test/integration/closed-loop.test.ts. It takes about 100 ms to load, so only a closed loop does.
 */
export type Autocannon = (options: {
  url: string
  connections: number
  /** Seconds. */
  duration: number
  /** Seconds that an answer is waited for. */
  timeout: number
  /** Ms between two looks whether all clients are done. */
  sampleInt: number
  /** Called with each client before it connects. */
  setupClient(client: Client): void
}) => PromiseLike<unknown>

/** One connection. By itself it makes a request as soon as it is connected, and after each response. Emits `connError`. */
export interface Client extends EventEmitter {
  conn: Socket | undefined
  parser: Parser
  setRequests(requests: WireRequest[]): void
  /** Sends the request that was set. */
  _doRequest(): void
  /** Opens a connection, then calls `_doRequest`. Called when there is none yet, and when it ended or failed. */
  _connect(): void
  _destroyConnection(): void
  _resetConnection(): void
  destroy(): void
}

/** Of http-parser-js. */
export interface Parser {
  hadError: boolean
  /** Begins with a new connection. */
  reinitialize(type: 'RESPONSE'): void
  /** The connection has ended, and with it a response that has no length. */
  finish(): void
  /** kOnHeaders: trailers, names and values in turn. */
  1: (trailers: string[]) => void
  /** kOnHeadersComplete. An answer of true says that no body follows. */
  2: (info: { statusCode: number; shouldKeepAlive: boolean; headers: string[] }) => unknown
  /** kOnBody. */
  3: (data: Buffer, start: number, length: number) => void
  /** kOnMessageComplete. */
  4: () => void
}

export interface WireRequest {
  method: string
  path: string
  headers: Record<string, string>
  body: string | undefined
}

export const loadAutocannon = () => createRequire(import.meta.url)('autocannon') as Autocannon
