import { faultIdOf } from '../plan/plan.ts'
import type { JournalLine } from '../upstream/spec.ts'
import { numberAttempts } from './number-attempts.ts'

/** A line of the egress access log; see `envoy/access-log.ts`. */
export interface EgressLine {
  /** The id that the router gave to the call; null for what never came to it: an abort at ingress, no route. */
  call: string | null
  id: string | null
  start: string
  us: number | null
  ms: number
  status: number
  /** In these two only where there may be gRPC calls; null for what Envoy does not take for one, and without an answer. */
  grpc?: number | null
  flags: string
  details: string | null
  method: string
  authority: string | null
  /** These five only where the load goes to an app. */
  traceparent?: string | null
  own?: string | null
  /** Faults that it asks Envoy for by headers. */
  asks?: Record<string, string | null>
  carried?: Record<string, string | null>
  routed?: Record<string, string | null>
  cluster: string | null
  route: string | null
  host: string | null
  attempts: number
  faults?: Record<string, unknown>
}

export interface AttemptLine {
  call: string | null
  id: string | null
  n: string | null
  start: string
  ms: number
  status: number
  grpc?: number | null
  flags: string
  cluster: string | null
  host: string | null
  /** `inventory/2`, by the name that its endpoint has; null where no host was chosen. */
  replica: string | null
  /** Ms until a connection was at hand. */
  pool: number | null
  failure: string | null
}

export interface HopLine {
  /** Null for what did not come from the egress side. */
  call: string | null
  id: string | null
  n: string | null
  hop: string
  start: string
  ms: number
  status: number
  flags: string
  /** Only in front of a container: µs from its start until its router sent it on; null where it never did. */
  sent?: number | null
  /** There, and where the stub makes faults: where its router sent it on to; null where it never came to that. */
  host?: string | null
  /** Only where the stub makes faults. */
  route?: string | null
  faults?: Record<string, unknown>
}

export interface Logs {
  egress: EgressLine[]
  attempts: AttemptLine[]
  hop: HopLine[]
  journal: JournalLine[]
  /** Lines that are not whole JSON objects: the writer was cut off. */
  broken: number
}

/** Each line is JSON. A text is no list of lines, though it can be gone through, character by character. */
type Lines = Iterable<string> & object

/** The four logs, or a part of each, line by line. */
export interface LogLines {
  egress: Lines
  attempts: Lines
  hop: Lines
  journal: Lines
}

/** Reads the four logs; a line that was cut off is counted, not guessed. */
export function parseLogs(logs: LogLines): Logs {
  let broken = 0
  const read = <T>(lines: Iterable<string>): T[] => {
    const parsed: T[] = []
    for (const line of lines) {
      try {
        parsed.push(JSON.parse(line) as T)
      } catch {
        broken++
      }
    }
    return parsed
  }
  return {
    egress: read<EgressLine>(logs.egress),
    attempts: numberAttempts(read<AttemptLine>(logs.attempts)),
    hop: read<HopLine>(logs.hop),
    journal: read<JournalLine>(logs.journal),
    get broken() {
      return broken
    },
  }
}

/** Envoy writes absent flags as "-". */
export const flagsOf = (text: string) => (text === '-' ? [] : text.split(','))

/** Ids of the faults whose filter left its mark. */
export const faultsOf = (marks: Record<string, unknown> | undefined) => (marks ? Object.keys(marks).filter((id) => marks[id] !== null) : [])

/** Ids of the faults that an attempt met at its hop: of filters, and the one that its route is for, if it went on by that. */
export function faultsAtHop({ faults, route, host }: Pick<HopLine, 'faults' | 'route' | 'host'>): string[] {
  const byRoute = host ? faultIdOf(route ?? '') : null
  return [...faultsOf(faults), ...(byRoute === null ? [] : [byRoute])]
}
