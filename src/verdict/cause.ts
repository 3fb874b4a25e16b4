import { exitCodeOf } from '../observe/exit-code.ts'
import { type Attempt, answerOf, type Call, type RequestRecord } from '../observe/record.ts'
import type { Records } from '../observe/records.ts'
import { nounOf } from '../plan/noun.ts'
import type { Plan } from '../plan/plan.ts'
import { placeOfTimeout, type Routed } from '../scenario/timeouts.ts'
import { answerName, asHttp, GRPC } from '../value/grpc-status.ts'
import { plural } from '../value/show.ts'
import { latencyOf } from './finding.ts'

/**
 * Why a request ended as it did, in one short phrase, in Envoy's terms and without numbers that differ from request to
 * request, so that equal causes can be counted: `503 cut by envoy.clusters.inventory.connect_timeout on every try`.
 * @param deadline - ms; tells a late answer from one with an unexpected status
 */
export function causeOf(record: RequestRecord, deadline = Number.POSITIVE_INFINITY): string {
  const code = exitCodeOf(record)
  const answered = code === null ? answerOf(record) : `exit code ${code}`
  const ended = answered ?? `no answer (${record.error ?? 'nothing came'})`
  const cause = `${ended} ${whyOf(record, deadline)}`.trim()
  const suppressor = record.calls.find(({ egress }) => egress.retrySuppressedBy !== null)?.egress.retrySuppressedBy
  return suppressor ? `${cause}, its retry suppressed by ${suppressor}` : cause
}

function whyOf(record: RequestRecord, deadline: number): string {
  const { calls, status } = record
  if (status !== null && status < 400 && (record.grpcStatus ?? GRPC.OK) === GRPC.OK) {
    if (record.error !== null) return `but cut off (${record.error})`
    if (latencyOf(record) > deadline) return `after the deadline${heldBy(record, deadline)}`
    return `${record.success ? '(a success)' : 'is not an expected status'}${inSpiteOf(record)}`
  }
  const call = tellingOf(calls)
  const isRun = exitCodeOf(record) !== null
  if (isRun && latencyOf(record) > deadline) return 'when its time was over'
  if (call === undefined) {
    if (isRun) return record.joined ? 'without a call' : ''
    if (record.joined) return 'from the app, which made no call'
    return status === null ? '' : 'without a call to Envoy that is known to be its own'
  }
  const why = callEnd(call)
  // The upstream's whole answer is no cause of none; nor is that the client hung up.
  if (status === null && (why.startsWith(ANSWERED) || why === GIVEN_UP)) return ''
  const { egress } = call
  // What Envoy answered is what the client got, or else an app stands between them.
  if (calls.length === 1 && (status === null || egress.status === status)) return why
  const from = isRun ? '' : 'from the app, '
  if (egress.status > 0 && asHttp(egress) < 400) {
    if (!record.joined) return isRun ? 'but not all of its calls are known' : 'from the app, not all of whose calls are known'
    return isRun ? 'although all calls went well' : 'from the app, whose calls all went well'
  }
  const cluster = egress.cluster ?? 'no cluster'
  if (why === GIVEN_UP) return `${from}after it gave its call to ${cluster} up`
  return `${from}after ${egress.status === 0 ? 'no answer' : answerName(egress)} of ${cluster} ${why}`
}

/** The call that says most of how a request ended: the last that failed, or the last. */
const tellingOf = (calls: readonly Call[]) => calls.findLast(({ egress }) => egress.status === 0 || asHttp(egress) >= 400) ?? calls.at(-1)

/** What was under way for a request when its time was over, and so made it late: a call that no limit had ended by then. */
function heldBy({ calls, due }: RequestRecord, deadline: number): string {
  const over = due + deadline
  const call = calls.find(({ egress: { start, durationMs } }) => start <= over && start + durationMs >= over)
  if (call === undefined || call.attempts.some(({ cutBy }) => cutBy !== null)) return ''
  const to = `its call to ${call.egress.cluster ?? 'no cluster'}`
  return isGivenUp(call) ? `, since the app gave ${to} up only then` : `, since nothing cut ${to} before`
}

/** The call whose failure an app keeps to itself; nothing where a later call to the same cluster went well. */
function inSpiteOf({ calls }: RequestRecord): string {
  const at = calls.findLastIndex(hasFailed)
  const call = calls[at]
  if (call === undefined || calls.slice(at + 1).some(({ egress }) => egress.cluster === call.egress.cluster)) return ''
  const { cluster } = call.egress
  if (isGivenUp(call)) return `, although its call to ${cluster ?? 'no cluster'} was given up`
  return `, in spite of ${call.egress.status === 0 ? 'no answer' : answerName(call.egress)} of ${cluster ?? 'no cluster'} ${callEnd(call)}`
}

/** Whether a call ended as only one does that is made again, or that something is done about. */
export function hasFailed({ egress }: Call): boolean {
  const status = asHttp(egress)
  return status === 0 || status === 429 || status >= 500
}

/** Its caller hung up: the app, where the client of the load still waited. */
const isGivenUp = ({ egress }: Pick<Call, 'egress'>) => egress.flags.includes('DC')

const GIVEN_UP = 'given up by its caller'

/** Why Envoy answered a call as it did. */
function callEnd({ egress, attempts }: Call): string {
  const last = attempts.at(-1)
  if (egress.rejectedBy !== null) return `refused by ${egress.rejectedBy}`
  if (isGivenUp({ egress })) return GIVEN_UP
  if (egress.cutBy !== null) return `cut by ${placeOfTimeout(egress.cutBy, egress)}${attempts.length > 1 ? ' after earlier tries' : ''}`
  if (egress.flags.includes('FI')) return 'injected at ingress'
  if (egress.flags.includes('UH')) return 'no healthy upstream'
  if (egress.flags.includes('NR')) return 'no route'
  if (last !== undefined) return `${tryEnd(last, egress)}${onEvery(attempts, egress)}`
  return egress.flags.length > 0 ? `with the flags ${egress.flags.join(',')}` : 'from Envoy'
}

const ANSWERED = 'from the upstream'

/** How one try ended. */
function tryEnd(attempt: Attempt, routed: Routed): string {
  if (attempt.door !== undefined) return atDoor(attempt, attempt.door, routed)
  if (attempt.cutBy !== null) return `cut by ${placeOfTimeout(attempt.cutBy, routed)}`
  if (attempt.hop?.flags.includes('FI')) return `injected by ${attempt.hop.faults.join(' and ') || 'a fault'}`
  if (attempt.flags.includes('UPE')) return 'broken off by the upstream'
  if (attempt.flags.includes('UF')) return 'connection failed'
  // The journal says by which fault it got no answer, and the flag that its connection ended.
  if (attempt.flags.includes('UC') && attempt.stub?.fault !== undefined && attempt.stub.answered === null)
    return `connection reset by fault ${attempt.stub.fault}`
  if (attempt.flags.includes('UC') || attempt.flags.includes('UR')) return 'connection reset by the upstream'
  return ANSWERED
}

/** How one ended that got no further than the door before its hop. */
function atDoor({ cutBy, flags }: Attempt, fault: string, routed: Routed): string {
  if (cutBy !== null) return `cut by ${placeOfTimeout(cutBy, routed)}, unreachable by fault ${fault}`
  return `connection ${flags.includes('UF') ? 'refused' : 'reset'} by fault ${fault}`
}

/** Said only when there were several tries and all of them ended alike. */
function onEvery(attempts: readonly Attempt[], routed: Routed): string {
  if (attempts.length < 2) return ''
  return new Set(attempts.map((attempt) => tryEnd(attempt, routed))).size === 1 ? ' on every try' : ' on the last try'
}

/** Requests that ended for one cause. */
export interface CauseGroup {
  cause: string
  count: number
  /** Ids of the first few. */
  examples: readonly string[]
}

export const MOST_EXAMPLES = 3

/** How many requests ended for each cause, the most frequent first. */
export function byCause(records: Records, deadline: number): CauseGroup[] {
  const groups = new Map<string, { cause: string; count: number; examples: string[] }>()
  for (const record of records) {
    const cause = causeOf(record, deadline)
    const group = groups.get(cause) ?? { cause, count: 0, examples: [] }
    group.count++
    if (group.examples.length < MOST_EXAMPLES) group.examples.push(record.id)
    groups.set(cause, group)
  }
  return [...groups.values()].sort((a, b) => b.count - a.count)
}

const MOST_CAUSES = 3

/** `9 × 504 cut by envoy.routes[0].timeout, 3 × 503 refused by max_requests` */
export function causes(records: Records, plan: Pick<Plan, 'load'>): string {
  const groups = byCause(records, plan.load.deadline)
  const shown = groups.slice(0, MOST_CAUSES).map(({ cause, count }) => `${count} × ${cause}`)
  const rest = groups.slice(MOST_CAUSES).reduce((sum, { count }) => sum + count, 0)
  return rest === 0 ? shown.join(', ') : `${shown.join(', ')} and ${plural(rest, nounOf(plan))} for other causes`
}
