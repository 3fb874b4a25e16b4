import type { IncomingHttpHeaders } from 'node:http'
import { KEPT_BODY_BYTES } from '../content/answer.ts'
import { readGrpcStatus } from '../value/grpc-status.ts'
import type { Received } from './answer-keeper.ts'

/** How a request ended. */
export interface Ending {
  /** 0 when no answer began. */
  status: number
  /** Why there is no whole answer; null when there is. */
  error: string | null
  /** Null when no answer began. */
  received: Received | null
  /** By `grpc-status` in the trailers, else in the headers; null where there is none. */
  grpcStatus: number | null
}

const NOTHING = Buffer.alloc(0)

/** What has come so far of the answer to one request. */
export class Receipt {
  #status = 0
  #headers: IncomingHttpHeaders | undefined
  #trailers: IncomingHttpHeaders = {}
  #begun: Buffer | undefined
  #bytes = 0

  begin(status: number, headers: IncomingHttpHeaders): void {
    this.#status = status
    this.#headers = headers
  }

  /** The body is read to its end, and its beginning held. */
  add(chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#begun === undefined) this.#begun = chunk
    else if (this.#begun.length < KEPT_BODY_BYTES) this.#begun = Buffer.concat([this.#begun, chunk])
  }

  addTrailers(trailers: IncomingHttpHeaders): void {
    this.#trailers = trailers
  }

  /** @param error - why nothing more will come; null when it is whole */
  end(error: string | null): Ending {
    const headers = this.#headers
    const received = headers && { headers, begun: this.#begun ?? NOTHING, bytes: this.#bytes, broken: error !== null }
    const told = this.#trailers['grpc-status'] ?? headers?.['grpc-status']
    return { status: this.#status, error, received: received ?? null, grpcStatus: readGrpcStatus(told?.toString()) }
  }
}
