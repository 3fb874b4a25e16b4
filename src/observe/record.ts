import type { Body, Headers } from '../content/answer.ts'
import { endsRequest, type RequestTimeout, type Timeout } from '../scenario/timeouts.ts'
import { answerName } from '../value/grpc-status.ts'

/**
 * One client request with everything that happened to it, joined from the client's record, Envoy's access logs (egress,
 * per attempt, hop) and the stub's journal. All times are ms after the start of the load.
 */
export interface RequestRecord {
  id: string
  /** Index into `Plan.requests`. */
  request: number
  /** Index into `Plan.phases`: the phase in which it was due; -1 in the warm-up, of which nothing is claimed. */
  phase: number
  due: number
  /** When it was handed to the socket; later than `due` by the generator's own lag. */
  sent: number
  /** End of the response; null when none came. */
  end: number | null
  /** Null when no response came. */
  status: number | null
  /** How a gRPC call ended, as its client has it; left out where it is none, or was not answered. */
  grpcStatus?: number
  /** What its answer said; null when no answer began. Requests with equal ones share them. */
  headers: Headers | null
  body: Body | null
  /** Why no (whole) response came, in the client's words; null otherwise. */
  error: string | null
  /** An expected status within the deadline of the due time. */
  success: boolean
  /** In flight over the end of its phase, when the faults changed. */
  edge: boolean
  /** It came to the place of the faults when those of its phase were not in force: nothing of its phase can be said by it. */
  stray: boolean
  /**
   * Whether `calls` are all the calls that were made for it. Not so where Envoy has no line for a request that went
   * straight to it, or saw calls in its time that nobody can say whose they were.
   */
  joined: boolean
  /** What came to Envoy for it, in order: one where the load goes straight there; an app makes none, one or several. */
  calls: readonly Call[]
}

/** One request as Envoy's egress side took it in, with the attempts it made of it. */
export interface Call {
  egress: Egress
  /** In order; those that a breaker refused are not attempts. */
  attempts: readonly Attempt[]
  /** Ids of the faults it met before the router (`at: ingress`). */
  ingressFaults: readonly string[]
  /**
   * Ids of the faults whose conditions it fulfilled as it came to Envoy, but for what is secret, which no log has. Left out
   * where it came as the load sent it.
   */
  suits?: readonly string[]
}

/** One line of the access log of an egress listener or of the shared port. */
export interface Egress {
  cluster: string | null
  route: string | null
  start: number
  durationMs: number
  status: number
  /** How it ended, by Envoy's log, where Envoy takes it for a gRPC call; left out where it does not. */
  grpc?: number
  flags: readonly string[]
  /** RESPONSE_CODE_DETAILS: why the response is what it is. */
  details: string | null
  /** The breaker that refused it; null when none did. */
  rejectedBy: 'max_requests' | 'max_pending_requests' | null
  /** The limit that ended the request as a whole; null when none did. Tries that a limit cut stand at the attempts. */
  cutBy: RequestTimeout | null
  /** What suppressed a retry of it; null when nothing did. */
  retrySuppressedBy: 'max_retries' | 'retry_budget' | null
  /** Of the headers that routes look for, those that it came with, as `name: value`; only of the calls of an app. */
  routedBy?: readonly string[]
}

/** One attempt: a line of the router's upstream log, with what the hop and the stub say of it. */
export interface Attempt {
  /** 1 for the first try. */
  n: number
  start: number
  durationMs: number
  /** Of it, waited for a connection: to be opened, or in the queue behind `max_connections`. */
  poolMs: number
  /** 0 when no response came. */
  status: number
  /** Of a gRPC call, how it ended; left out where it is none, and where no response came. */
  grpc?: number
  flags: readonly string[]
  /** 1-based; null when no host was reached. */
  replica: number | null
  /** The limit that cut this attempt, be it one that ended the whole request while it was in flight; null when none did. */
  cutBy: Timeout | null
  /** Given up without an answer, because another attempt of the call was answered: only hedging has several in flight. */
  outrun: boolean
  /** Null when the hop has no line for it (it never got there). */
  hop: { start: number; durationMs: number; status: number; flags: readonly string[]; faults: readonly string[] } | null
  /**
   * Of a container, which keeps no journal: when the router of its hop sent the attempt on to it, or gave up connecting;
   * null when that never came to it (an abort, or a delay that was cut short). Left out where there is a stub.
   */
  sentOn?: number | null
  /** Null when the stub never saw it (an abort, or a delay that was cut short). */
  stub: {
    arrived: number
    started: number
    due: number
    answered: number | null
    status: number
    busy: number
    queued: number
    /** The id of the fault that it met there, by the stub's own journal; left out where that is none. */
    fault?: string
    /** Ms for which that held it before it got into the line; left out where it did not. */
    held?: number
  } | null
  /** The id of the fault that closed the door before the hop to it, or reset its connection there; left out where none did. */
  door?: string
}

/** Ids of the faults that an attempt met, wherever behind the router. */
export const faultsAt = ({ hop, door }: Pick<Attempt, 'hop' | 'door'>): readonly string[] =>
  door === undefined ? (hop?.faults ?? []) : [...(hop?.faults ?? []), door]

/** What a request was answered with: `503`, or of a gRPC call `UNAVAILABLE`; null where it was not answered. */
export const answerOf = ({ status, grpcStatus }: Pick<RequestRecord, 'status' | 'grpcStatus'>): string | null =>
  status === null ? null : answerName({ status, ...(grpcStatus === undefined ? {} : { grpc: grpcStatus }) })

/** All attempts of a request's calls, call by call. */
export function attemptsOf({ calls }: Pick<RequestRecord, 'calls'>): readonly Attempt[] {
  return calls.length === 1 ? (calls[0] as Call).attempts : calls.flatMap((call) => call.attempts)
}

/** The limit that Envoy's own answer to a call comes from; null when it comes from elsewhere. */
export function limitOf({ egress, attempts }: Call): Timeout | null {
  if (egress.cutBy !== null) return egress.cutBy
  // When the last try was cut, and a breaker then refused the next one, the answer is the breaker's.
  return egress.details?.includes('timeout') ? (attempts.at(-1)?.cutBy ?? null) : null
}

/** How often a limit cut something of a request: calls by one that ends the whole, else attempts. No cut is counted twice. */
export function cutsOf(record: Pick<RequestRecord, 'calls'>, by: Timeout): number {
  if (endsRequest(by)) return record.calls.filter(({ egress }) => egress.cutBy === by).length
  return attemptsOf(record).filter((attempt) => attempt.cutBy === by).length
}

/** Attempts after the first of their call. */
export const retriesOf = ({ calls }: Pick<RequestRecord, 'calls'>) =>
  calls.reduce((sum, { attempts }) => sum + Math.max(0, attempts.length - 1), 0)

/** Retries that a breaker did not let through: at most one a call, which ends with it. */
export const suppressionsOf = ({ calls }: Pick<RequestRecord, 'calls'>) =>
  calls.filter(({ egress }) => egress.retrySuppressedBy !== null).length

/** The clusters that a request was sent to by Envoy's routes; several where an app calls several. */
export const clustersOf = ({ calls }: Pick<RequestRecord, 'calls'>) => calls.flatMap(({ egress }) => egress.cluster ?? [])

/** Whether a breaker refused one of its calls. */
export const isRejected = ({ calls }: Pick<RequestRecord, 'calls'>) => calls.some(({ egress }) => egress.rejectedBy !== null)
