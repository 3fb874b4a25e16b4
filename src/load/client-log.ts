import { type Answers, noAnswers } from '../content/answer.ts'
import type { OpenLoad } from '../plan/plan.ts'
import { AnswerKeeper } from './answer-keeper.ts'
import type { Ending } from './receipt.ts'

/** What is known of a request that a log told of; times as in the columns of `ClientLog`. */
export interface Restored {
  due: number
  /** Index into `Plan.requests`. */
  request: number
  sent: number
  end: number
  /** 0 where no response came. */
  status: number
  /** Its `grpc-status`; left out where there is none. */
  grpc?: number
  error?: string
  /** Numbers of its `answers`; left out where none began. */
  body?: number
  headers?: number
}

/**
 * What the client itself saw of each request, in columns by the order of sending. Times are ms after the start of the
 * load; NaN where the event did not happen. The columns grow as requests are sent: only an open loop knows before the
 * run how many there will be. Once the log is closed they are exactly `count` long.
 */
export class ClientLog {
  /** Epoch ms of the start of the load: what the clocks of Envoy and the stubs are compared with. */
  readonly startedAt: number
  /** When each request was to be sent, in ascending order. A closed loop has no such time but that of sending. */
  due: Float64Array
  /** Indices into `Plan.requests`. */
  request: Uint16Array
  /** Ms after the due time; to a microsecond up to 16 s, and half as fine each time that doubles, in half the memory of a double. */
  #sentAfter: Float32Array
  #endAfter: Float32Array
  /** 0 where no response came. */
  status: Uint16Array
  #grpcStatus: Uint8Array
  /** Why a request has no whole response; those that have one are not in it. */
  readonly errors = new Map<number, string>()
  readonly answers: Answers
  readonly #keeper: AnswerKeeper
  /** Ms by which the wall clock was set, or went astray, while the load ran: the logs of others go by it. */
  clockShift = 0
  readonly #isPlanned: boolean
  /** How many requests were sent. */
  count = 0

  /**
   * @param expected - how many requests there will be, if that is known: a first size of the columns, no limit
   * @param planned - which of them is due when, if that is known: its columns become those of the log, since a long run has
   *   no room for two of each
   */
  constructor(startedAt: number, expected = 1024, planned?: Pick<OpenLoad, 'due' | 'request'>) {
    this.startedAt = startedAt
    const size = Math.max(1, expected)
    const known = planned?.due.length === size ? planned : undefined
    this.#isPlanned = known !== undefined
    this.due = known?.due ?? new Float64Array(size)
    this.request = known?.request ?? new Uint16Array(size)
    this.#sentAfter = new Float32Array(size)
    this.#endAfter = new Float32Array(size)
    this.status = new Uint16Array(size)
    this.#grpcStatus = new Uint8Array(size).fill(NO_GRPC_STATUS)
    this.answers = noAnswers(size)
    this.#keeper = new AnswerKeeper(this.answers)
  }

  sentAt(index: number): number {
    return (this.due[index] as number) + (this.#sentAfter[index] as number)
  }

  /** The end of the response, or of the waiting for one. */
  endAt(index: number): number {
    return (this.due[index] as number) + (this.#endAfter[index] as number)
  }

  /** What the answer says in `grpc-status`; null where there is none. */
  grpcStatusOf(index: number): number | null {
    const status = this.#grpcStatus[index] as number
    return status === NO_GRPC_STATUS ? null : status
  }

  /** Nothing is known of when it was sent: no line told of it. */
  isMissing(index: number): boolean {
    return Number.isNaN(this.#sentAfter[index])
  }

  /** @returns the index of the request, which makes its id. */
  begin(due: number, request: number, sent: number): number {
    if (this.count === this.due.length) this.#resize(2 * this.count)
    const index = this.count++
    if (!this.#isPlanned) this.#set(index, due, request)
    this.#sentAfter[index] = sent - due
    this.#endAfter[index] = Number.NaN
    return index
  }

  finish(index: number, end: number, { status, error, received, grpcStatus }: Ending): void {
    this.#endAfter[index] = end - (this.due[index] as number)
    this.status[index] = status
    this.#grpcStatus[index] = grpcStatus ?? NO_GRPC_STATUS
    if (error !== null) this.errors.set(index, error)
    if (received !== null) this.#keeper.keep(index, received)
  }

  /**
   * Puts back what a log said of a request, whose place may be beyond those so far.
   * @returns false where it was there before
   */
  restore(index: number, was: Restored): boolean {
    while (index >= this.due.length) this.#resize(2 * this.due.length)
    for (; this.count <= index; this.count++) this.#sentAfter[this.count] = Number.NaN
    if (!this.isMissing(index)) return false
    if (!this.#isPlanned) this.#set(index, was.due, was.request)
    this.#sentAfter[index] = was.sent - was.due
    this.#endAfter[index] = was.end - was.due
    this.status[index] = was.status
    this.#grpcStatus[index] = was.grpc ?? NO_GRPC_STATUS
    if (was.error !== undefined) this.errors.set(index, was.error)
    this.#keeper.restore(index, was.body ?? 0, was.headers ?? 0)
    return true
  }

  /** Nothing more will be sent. */
  close(clockShift: number): void {
    this.clockShift = clockShift
    this.#keeper.close(this.count)
    if (this.count < this.due.length) this.#resize(this.count)
  }

  /** Forgets everything, for good: what is made of it stands elsewhere by now. */
  clear(): void {
    this.count = 0
    this.#resize(0)
  }

  #set(index: number, due: number, request: number): void {
    this.due[index] = due
    this.request[index] = request
  }

  #resize(size: number): void {
    this.due = resized(this.due, new Float64Array(size))
    this.request = resized(this.request, new Uint16Array(size))
    this.#sentAfter = resized(this.#sentAfter, new Float32Array(size))
    this.#endAfter = resized(this.#endAfter, new Float32Array(size))
    this.status = resized(this.status, new Uint16Array(size))
    this.#grpcStatus = resized(this.#grpcStatus, new Uint8Array(size).fill(NO_GRPC_STATUS))
  }
}

/** No status of gRPC's. */
const NO_GRPC_STATUS = 255

function resized<Column extends Float64Array | Float32Array | Uint16Array | Uint8Array>(from: Column, to: Column): Column {
  to.set(from.subarray(0, to.length))
  return to
}

/** The request id of the i-th request, as sent in `x-request-id`. */
export const requestId = (index: number) => `r-${index + 1}`
/** Of an id with marks (`plan/marks.ts`) or without; -1 of what is none. */
export const requestIndex = (id: string) => (/^r-\d+(\.[0-9a-f]+)?$/.test(id) ? Number.parseInt(id.slice(2), 10) - 1 : -1)
