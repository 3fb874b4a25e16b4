/**
 * What the client itself saw of each request, in columns by its place in the plan. Times are ms after the start of the
 * load; NaN where the event did not happen.
 */
export class ClientLog {
  /** Epoch ms of the start of the load: what the clocks of Envoy and the stubs are compared with. */
  readonly startedAt: number
  readonly sent: Float64Array
  /** The end of the response, or of the waiting for one. */
  readonly end: Float64Array
  /** 0 where no response came. */
  readonly status: Uint16Array
  /** Why a request has no whole response; those that have one are not in it. */
  readonly errors = new Map<number, string>()
  /** Ms by which the wall clock was set, or went astray, while the load ran: the logs of others go by it. */
  clockShift = 0
  /** How many of the planned requests were sent: fewer when the run was cut short. */
  count = 0

  constructor(startedAt: number, planned: number) {
    this.startedAt = startedAt
    this.sent = new Float64Array(planned).fill(Number.NaN)
    this.end = new Float64Array(planned).fill(Number.NaN)
    this.status = new Uint16Array(planned)
  }
}

/** The request id of the i-th planned request, as sent in `x-request-id`. */
export const requestId = (index: number) => `r-${index + 1}`
export const requestIndex = (id: string) => (/^r-\d+$/.test(id) ? Number(id.slice(2)) - 1 : -1)
