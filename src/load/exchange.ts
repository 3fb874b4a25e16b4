import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { KEPT_BODY_BYTES } from '../content/answer.ts'
import type { Received } from './answer-keeper.ts'

type Controller = Dispatcher.DispatchController

/** How a request ended. */
export interface Ending {
  /** 0 when no answer began. */
  status: number
  /** Why there is no whole answer; null when there is. */
  error: string | null
  /** Null when no answer began. */
  received: Received | null
}

/** One request on the wire, from its dispatch to its end. */
export class Exchange implements Dispatcher.DispatchHandler {
  #done: ((ending: Ending) => void) | undefined
  #controller: Controller | undefined
  #status = 0
  #headers: IncomingHttpHeaders | undefined
  #begun: Buffer | undefined
  #bytes = 0
  #abortReason: string | undefined

  /** @param done - called once, at the end of the response, or with the reason why there is none */
  constructor(done: (ending: Ending) => void) {
    this.#done = done
  }

  onRequestStart(controller: Controller) {
    this.#controller = controller
    if (this.#abortReason !== undefined) controller.abort(new Error(this.#abortReason))
  }

  onResponseStart(_controller: Controller, status: number, headers: IncomingHttpHeaders) {
    this.#status = status
    this.#headers = headers
  }

  /** The body is read to its end, and its beginning held. */
  onResponseData(_controller: Controller, chunk: Buffer) {
    this.#bytes += chunk.length
    if (this.#begun === undefined) this.#begun = chunk
    else if (this.#begun.length < KEPT_BODY_BYTES) this.#begun = Buffer.concat([this.#begun, chunk])
  }

  onResponseEnd() {
    this.#end(null)
  }

  onResponseError(_controller: Controller, error: Error) {
    this.#end(this.#abortReason ?? describe(error))
  }

  abort(reason: string) {
    this.#abortReason = reason
    this.#controller?.abort(new Error(reason))
    // While it waits for a connection there is no controller yet: it ends here, and nothing is sent later.
    if (!this.#controller) this.#end(reason)
  }

  #end(error: string | null) {
    const done = this.#done
    this.#done = undefined
    const received =
      this.#headers === undefined
        ? null
        : { headers: this.#headers, begun: this.#begun ?? NOTHING, bytes: this.#bytes, broken: error !== null }
    done?.({ status: this.#status, error, received })
  }
}

const NOTHING = Buffer.alloc(0)

function describe(error: Error & { code?: string }): string {
  return error.code && !error.message.includes(error.code) ? `${error.message} (${error.code})` : error.message || error.name
}
