import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { type Ending, Receipt } from './receipt.ts'

type Controller = Dispatcher.DispatchController

/** One request on the wire, from its dispatch to its end. */
export class Exchange implements Dispatcher.DispatchHandler {
  #done: ((ending: Ending) => void) | undefined
  #controller: Controller | undefined
  readonly #receipt = new Receipt()
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
    this.#receipt.begin(status, headers)
  }

  onResponseData(_controller: Controller, chunk: Buffer) {
    this.#receipt.add(chunk)
  }

  onResponseEnd(_controller: Controller, trailers: IncomingHttpHeaders) {
    this.#receipt.addTrailers(trailers)
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
    done?.(this.#receipt.end(error))
  }
}

function describe(error: Error & { code?: string }): string {
  return error.code && !error.message.includes(error.code) ? `${error.message} (${error.code})` : error.message || error.name
}
