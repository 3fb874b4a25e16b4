/** One line of an access log of Envoy: what the log was asked for, undefined where it was not, or has `-` there. */
export interface LogEntry {
  /** When the request began, in ms since 1970. */
  start: number
  /** `%DURATION%`, in ms: from the first byte of the request to the last byte of the answer that was sent to the client. */
  ms: number
  /** `x-envoy-upstream-service-time`, in ms: from the end of the request to the headers of the answer, earlier tries and waits included. */
  serviceMs: number | undefined
  method: string | undefined
  path: string | undefined
  authority: string | undefined
  /** 0 where no answer was begun. */
  status: number
  /** `UT`, `URX`, …; empty for `-`. */
  flags: readonly string[]
  details: string | undefined
  cluster: string | undefined
  host: string | undefined
  /** How often the upstream was tried. */
  attempts: number | undefined
}

/** Why a line cannot be taken, and the column, from 1, at which it is not what was expected. */
export interface BadLine {
  col: number
  expected: string
}

/** What the duration of a request says of the time that its upstream takes. */
export type Outcome =
  /** It took so long. */
  | 'served'
  /** It would have taken longer: a limit of time ended it. */
  | 'cut'
  /** It would have taken longer: the client went away. */
  | 'left'
  /** Nothing: it never got to the upstream (a breaker, no route, no healthy host, a limit of rate, Envoy's own answer). */
  | 'refused'
  /** Nothing: it failed, and quick failures would make the upstream look quick. */
  | 'failed'
  /** Nothing: a tunnel or a websocket lasts as long as both sides like. */
  | 'tunnel'

/** @see Envoy `configuration/observability/access_log/usage`, `%RESPONSE_FLAGS%` */
const CUT = ['UT', 'SI', 'UMSDR', 'DT']
const LEFT = ['DC', 'DR']
const REFUSED = ['NR', 'UH', 'NC', 'RL', 'RLSE', 'UAEX', 'IH', 'OM', 'DF', 'DPE', 'NFCF', 'FI', 'RFCF']
/** Failures of the upstream or its connection. URX alone says only that retries were used up. */
const FAILED = ['UF', 'UC', 'UR', 'UPE', 'LR', 'UDO', 'URX', 'DI']

const CLIENT_CLOSED = 499

/** By its flags, then by its status. What a fault or a limit of a filter delayed (`DI`) says nothing of the upstream either. */
export function outcomeOf(entry: LogEntry): Outcome {
  const { flags, status, details } = entry
  const has = (some: readonly string[]) => flags.some((flag) => some.includes(flag))
  if (status === 101 || entry.method === 'CONNECT') return 'tunnel'
  if (has(LEFT) || status === CLIENT_CLOSED) return 'left'
  if (has(CUT)) return 'cut'
  if (details?.includes('timeout') === true) return 'cut'
  // UO is also set where only a retry was suppressed; what the breaker refused has no answer of the upstream.
  if (has(REFUSED) || (flags.includes('UO') && entry.serviceMs === undefined)) return 'refused'
  if (has(FAILED) || status >= 500) return 'failed'
  if (status === 0) return 'left'
  if (entry.host === undefined && entry.serviceMs === undefined) return 'refused'
  return 'served'
}
