import { fulfils, type Had, isLogged } from '../fault/when.ts'
import { claimedId } from '../load/identity.ts'
import type { Plan, PlannedFault, PlannedPolicy } from '../plan/plan.ts'
import type { RequestTimeout } from '../scenario/timeouts.ts'
import type { JournalLine } from '../upstream/spec.ts'
import { type Answered, answerName, GRPC } from '../value/grpc-status.ts'
import { type Closed, metAtDoor } from './doors.ts'
import { type AttemptLine, type EgressLine, faultsAtHop, faultsOf, flagsOf, type HopLine, type Logs } from './parse-logs.ts'
import type { Attempt, Call, Egress } from './record.ts'

/** A call, and whose it says that it is. */
export interface SeenCall extends Call {
  /** The id of the request that it was made for, where it came with one; else what Envoy made. */
  id: string | null
}

interface LinesOfOne {
  attempts: AttemptLine[]
  hops: HopLine[]
  journal: JournalLine[]
}

/**
 * Puts the four logs together, call by call, in the order in which they began.
 * @param startedAt - epoch ms of the start of the load
 * @param closed - when which doors were closed
 */
export function readCalls(
  logs: Logs,
  startedAt: number,
  plan: Pick<Plan, 'policy' | 'faults'>,
  closed: readonly Closed[] = [],
): SeenCall[] {
  const lines = new Map<string | null, LinesOfOne>(logs.egress.map(({ call }) => [call, { attempts: [], hops: [], journal: [] }]))
  const of = (call: string | null) => (call === null ? undefined : lines.get(call))
  for (const line of logs.attempts) of(line.call)?.attempts.push(line)
  for (const line of logs.hop) of(line.call)?.hops.push(line)
  for (const line of logs.journal) of(line.call)?.journal.push(line)
  return logs.egress
    .map((line) => readCall(line, lines.get(line.call) as LinesOfOne, { startedAt, closed }, plan))
    .sort((a, b) => a.egress.start - b.egress.start)
}

/** What times are counted from, and when which doors were closed. */
interface World {
  startedAt: number
  closed: readonly Closed[]
}

function readCall(line: EgressLine, lines: LinesOfOne, world: World, { policy, faults }: Pick<Plan, 'policy' | 'faults'>): SeenCall {
  const egress = readEgress(line, world.startedAt, policy)
  const hedged = egress.route !== null && policy.hedgedRoutes.includes(egress.route)
  const made = lines.attempts.filter((attempt) => !isRefused(attempt)).sort((a, b) => number(a.n) - number(b.n))
  return {
    id: claimedId(line),
    egress,
    attempts: made.map((attempt, i) => readAttempt(attempt, lines, world, { egress, hedged, inFlight: hedged || i === made.length - 1 })),
    ingressFaults: faultsOf(line.faults),
    ...(line.carried === undefined ? {} : { suits: suitedBy(line.carried, faults) }),
  }
}

const suitedBy = (carried: Had, faults: readonly PlannedFault[]) =>
  faults.filter(({ when }) => fulfils(carried, when.filter(isLogged))).map(({ id }) => id)

/** By `RESPONSE_CODE_DETAILS`. */
const REQUEST_TIMEOUTS: Readonly<Record<string, RequestTimeout>> = {
  response_timeout: 'route',
  stream_idle_timeout: 'idle',
  max_duration_timeout: 'max_stream_duration',
  request_overall_timeout: 'request',
}

function readEgress(line: EgressLine, startedAt: number, policy: PlannedPolicy): Egress {
  const refused = line.details?.includes('overflow') ?? false
  const flags = flagsOf(line.flags)
  return {
    cluster: line.cluster,
    route: line.route,
    start: epochMs(line.start) - startedAt,
    durationMs: line.us === null ? line.ms : line.us / 1000,
    status: line.status,
    ...grpcIn(line),
    flags,
    details: line.details,
    // max_requests is checked when a connection is at hand, so the host is known by then; the queue is before that.
    rejectedBy: refused ? (line.host === null ? 'max_pending_requests' : 'max_requests') : null,
    cutBy: REQUEST_TIMEOUTS[line.details ?? ''] ?? null,
    retrySuppressedBy:
      refused || !flags.includes('UO') ? null : policy.budgetedClusters.includes(line.cluster ?? '') ? 'retry_budget' : 'max_retries',
    ...(line.routed === undefined ? {} : { routedBy: headerLines(line.routed) }),
  }
}

/** @see Envoy's `%GRPC_STATUS_NUMBER%`; where an answer has no `grpc-status`, what its HTTP status comes to */
const grpcIn = ({ grpc }: Pick<EgressLine, 'grpc'>) => (typeof grpc === 'number' ? { grpc } : {})

const headerLines = (headers: Readonly<Record<string, string | null>>) =>
  Object.entries(headers).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`]))

/** A breaker refused it before anything was sent; a suppressed retry carries UO, too, but has a status. */
export const isRefused = (attempt: AttemptLine) => attempt.status === 0 && flagsOf(attempt.flags).includes('UO')

/** What the call of an attempt says of how that ended. */
interface Course {
  egress: Egress
  hedged: boolean
  /** It may have been in flight when its call ended. */
  inFlight: boolean
}

function readAttempt(line: AttemptLine, lines: LinesOfOne, { startedAt, closed }: World, course: Course): Attempt {
  const n = number(line.n)
  const flags = flagsOf(line.flags)
  const hop = lines.hops.find((candidate) => number(candidate.n) === n)
  const stub = lines.journal.find((candidate) => candidate.attempt === n)
  const attempt: Attempt = {
    n,
    start: epochMs(line.start) - startedAt,
    durationMs: line.ms,
    poolMs: line.pool ?? 0,
    status: line.status,
    ...grpcIn(line),
    flags,
    replica: line.replica === null ? null : Number(line.replica.split('/').at(-1)),
    cutBy: cutBy(line, flags, course),
    outrun: course.hedged && line.status === 0 && course.egress.details === 'via_upstream' && hasNoFault(flags),
    hop: hop
      ? {
          start: epochMs(hop.start) - startedAt,
          durationMs: hop.ms,
          status: hop.status,
          flags: flagsOf(hop.flags),
          faults: faultsAtHop(hop),
        }
      : null,
    ...(hop?.sent === undefined ? {} : { sentOn: sentOn(hop, startedAt) }),
    stub: stub
      ? {
          arrived: stub.arrived - startedAt,
          started: stub.started - startedAt,
          due: stub.due - startedAt,
          answered: stub.answered === null ? null : stub.answered - startedAt,
          status: stub.status,
          busy: stub.busy,
          queued: stub.queued,
          ...(stub.fault === undefined ? {} : { fault: stub.fault }),
          ...(stub.held === undefined ? {} : { held: stub.held }),
        }
      : null,
  }
  const door = closed.length === 0 ? null : metAtDoor({ ...attempt, cluster: line.cluster, failure: line.failure }, closed)
  return door === null ? attempt : { ...attempt, door }
}

function sentOn({ start, ms, sent, host }: HopLine, startedAt: number): number | null {
  if (typeof sent === 'number') return epochMs(start) - startedAt + sent / 1000
  // Known without anything sent: it could not connect.
  return host ? epochMs(start) - startedAt + ms : null
}

/**
 * Which limit cut an attempt. A refused connection gives its reason as the transport failure; one that ran into
 * connect_timeout gives none (test/integration/timeouts.test.ts). Of a hedged try UT says only that it passed
 * per_try_timeout: it went on (test/integration/policy-hedging.test.ts).
 */
function cutBy(line: AttemptLine, flags: readonly string[], { egress, hedged, inFlight }: Course): Attempt['cutBy'] {
  if (flags.includes('SI')) return 'per_try_idle'
  if (flags.includes('UT') && !hedged) return 'per_try'
  if (flags.includes('UF') && line.failure === null) return 'connect'
  // One that failed by itself has a flag; the limit of the whole then fell into the back-off. What had begun is the answer
  // of the whole as far as it came, with its status; a 504, or that of gRPC, may be that of the limit.
  const answer = { status: line.status, ...grpcIn(line) }
  const wasUnderWay = line.status === 0 || (answerName(answer) === answerName(egress) && !mayBeOfLimit(answer))
  return inFlight && wasUnderWay && hasNoFault(flags) ? egress.cutBy : null
}

/** Whether a limit may have answered so: to a gRPC call most say UNAVAILABLE, and max_stream_duration DEADLINE_EXCEEDED. */
const mayBeOfLimit = ({ status, grpc }: Answered) => status === 504 || grpc === GRPC.UNAVAILABLE || grpc === GRPC.DEADLINE_EXCEEDED

/** Without a flag that tells of an end of its own. */
const hasNoFault = (flags: readonly string[]) => flags.every((flag) => flag === 'UT')

/** Envoy logs seconds with six decimals as text. */
const epochMs = (seconds: string) => Number(seconds) * 1000
const number = (text: string | null) => (text === null ? 1 : Number(text))
