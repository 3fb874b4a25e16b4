import type { ClientLog } from '../load/client-log.ts'
import { requestId, requestIndex } from '../load/client-log.ts'
import type { Plan } from '../plan/plan.ts'
import { isExpectedStatus } from '../plan/success.ts'
import type { JournalLine } from '../upstream/spec.ts'
import { type AttemptLine, type EgressLine, faultsOf, flagsOf, type HopLine, type Logs } from './parse-logs.ts'
import type { Attempt, Egress, RequestRecord } from './record.ts'
import { isStray } from './stray.ts'
import type { PhaseTimes } from './timeline.ts'

/** One record per request that was sent, with everything that any log says of it. */
export function joinRecords(plan: Plan, client: ClientLog, phases: readonly PhaseTimes[], logs: Logs): RequestRecord[] {
  const egress = byRequest(logs.egress, client.count)
  const attempts = byRequest(logs.attempts, client.count)
  const hops = byRequest(logs.hop, client.count)
  const journal = byRequest(logs.journal, client.count)
  const records: RequestRecord[] = []
  let phase = 0
  for (let index = 0; index < client.count; index++) {
    const due = client.due[index] as number
    while (phase < plan.phases.length - 1 && due >= (plan.phases[phase + 1]?.from ?? Number.POSITIVE_INFINITY)) phase++
    records.push(
      joinOne(plan, client, phases[phase], index, phase, {
        egress: egress[index] ?? [],
        attempts: attempts[index] ?? [],
        hops: hops[index] ?? [],
        journal: journal[index] ?? [],
      }),
    )
  }
  return records
}

interface LinesOfOne {
  egress: readonly EgressLine[]
  attempts: readonly AttemptLine[]
  hops: readonly HopLine[]
  journal: readonly JournalLine[]
}

function joinOne(
  plan: Plan,
  client: ClientLog,
  times: PhaseTimes | undefined,
  index: number,
  phase: number,
  lines: LinesOfOne,
): RequestRecord {
  const { answers } = client
  const kind = plan.requests[client.request[index] as number]
  const due = client.due[index] as number
  const over = client.end[index] as number
  const error = client.errors.get(index) ?? null
  const end = error === null ? over : null
  const begun = client.status[index] as number
  // A response that broke off has no status to judge by: its 200 was a promise.
  const status = error !== null || begun === 0 ? null : begun
  // An app may call Envoy several times for one request: which call a claim would be about is not known.
  const line = lines.egress.length === 1 ? lines.egress[0] : undefined
  const egress = line ? readEgress(line, client.startedAt) : null
  const made = lines.attempts.filter((attempt) => !isRefused(attempt)).sort((a, b) => number(a.n) - number(b.n))
  const attempts = line
    ? made.map((attempt, i) => readAttempt(attempt, lines, client.startedAt, egress?.routeTimeout === true && i === made.length - 1))
    : []
  const ingressFaults = faultsOf(line?.faults)
  return {
    id: requestId(index),
    request: client.request[index] as number,
    phase,
    due,
    sent: client.sent[index] as number,
    end,
    status,
    headers: answers.headers[answers.headersOf[index] ?? 0] ?? null,
    body: answers.bodies[answers.bodyOf[index] ?? 0] ?? null,
    error: error !== null && begun > 0 ? `the response, ${begun}, broke off: ${error}` : error,
    success: end !== null && status !== null && isExpectedStatus(kind?.successStatus, status) && end - due <= plan.load.deadline,
    edge: times === undefined || over > times.to,
    stray: times !== undefined && isStray(plan, phase, times, { egress, attempts, ingressFaults }),
    egress,
    attempts,
    ingressFaults,
  }
}

function readEgress(line: EgressLine, startedAt: number): Egress {
  const refused = line.details?.includes('overflow') ?? false
  return {
    cluster: line.cluster,
    route: line.route,
    start: epochMs(line.start) - startedAt,
    durationMs: line.us === null ? line.ms : line.us / 1000,
    status: line.status,
    flags: flagsOf(line.flags),
    details: line.details,
    // max_requests is checked when a connection is at hand, so the host is known by then; the queue is before that.
    rejectedBy: refused ? (line.host === null ? 'max_pending_requests' : 'max_requests') : null,
    routeTimeout: line.details === 'response_timeout',
  }
}

/** A breaker refused it before anything was sent; a suppressed retry carries UO, too, but has a status. */
export const isRefused = (attempt: AttemptLine) => attempt.status === 0 && flagsOf(attempt.flags).includes('UO')

function readAttempt(line: AttemptLine, lines: LinesOfOne, startedAt: number, endedByRoute: boolean): Attempt {
  const n = number(line.n)
  const flags = flagsOf(line.flags)
  const hop = lines.hops.find((candidate) => number(candidate.n) === n)
  const stub = lines.journal.find((candidate) => candidate.attempt === n)
  return {
    n,
    start: epochMs(line.start) - startedAt,
    durationMs: line.ms,
    poolMs: line.pool ?? 0,
    status: line.status,
    flags,
    replica: hop ? Number(hop.hop.split('/').at(-1)) : (stub?.replica ?? null),
    cutBy: cutBy(line, flags, endedByRoute),
    hop: hop
      ? {
          start: epochMs(hop.start) - startedAt,
          durationMs: hop.ms,
          status: hop.status,
          flags: flagsOf(hop.flags),
          faults: faultsOf(hop.faults),
        }
      : null,
    stub: stub
      ? {
          arrived: stub.arrived - startedAt,
          started: stub.started - startedAt,
          due: stub.due - startedAt,
          answered: stub.answered === null ? null : stub.answered - startedAt,
          status: stub.status,
          busy: stub.busy,
          queued: stub.queued,
        }
      : null,
  }
}

/**
 * Which limit cut an attempt. A refused connection gives its reason as the transport failure; one that ran into
 * connect_timeout gives none (test/integration/timeouts.test.ts).
 */
function cutBy(line: AttemptLine, flags: readonly string[], endedByRoute: boolean): Attempt['cutBy'] {
  if (flags.includes('UT')) return 'per_try'
  if (flags.includes('UF') && line.failure === null) return 'connect'
  // One that failed by itself has a flag; the route's timeout then fell into the back-off.
  return endedByRoute && line.status === 0 && flags.length === 0 ? 'route' : null
}

/** Sorts lines into their requests; lines of requests that are not ours are left out. */
function byRequest<T extends { id: string | null }>(lines: readonly T[], count: number): (T[] | undefined)[] {
  const sorted: (T[] | undefined)[] = new Array(count)
  for (const line of lines) {
    const index = line.id === null ? -1 : requestIndex(line.id)
    if (index < 0 || index >= count) continue
    const list = sorted[index]
    if (list) list.push(line)
    else sorted[index] = [line]
  }
  return sorted
}

/** Envoy logs seconds with six decimals as text. */
const epochMs = (seconds: string) => Number(seconds) * 1000
const number = (text: string | null) => (text === null ? 1 : Number(text))
