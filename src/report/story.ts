import type { Bounds, Crowd } from '../observe/crowd.ts'
import { exitCodeOf } from '../observe/exit-code.ts'
import { answerOf, type Call, type Egress, limitOf, type RequestRecord } from '../observe/record.ts'
import { nounOf } from '../plan/noun.ts'
import { isStraight, type Plan } from '../plan/plan.ts'
import { isExpectedAnswer } from '../plan/success.ts'
import { nameOfTimeout, placeOfTimeout, sightOf } from '../scenario/timeouts.ts'
import { formatMs } from '../units.ts'
import { answerName } from '../value/grpc-status.ts'
import { tellAttempt } from './attempt.ts'
import { boundsText, COUNTS } from './breakers.ts'
import { flagWords, metFaults } from './envoy-words.ts'
import { millis } from './figures.ts'
import { padEnd, printable } from './layout.ts'

/** What happened to one request, in order; times are relative to its due time. */
export interface Story {
  head: string
  events: readonly { at: string; what: string }[]
}

/** Below this, lateness is the noise of timers and tells nothing. */
const NOTABLE_MS = 1
/** Envoy's log has whole milliseconds and the client's clock is another: smaller differences say nothing. */
const CLOCKS_AGREE_MS = 5

/** @param crowdAt - how full a breaker was at a time, where a refusal is to be told with it */
export function storyOf(record: RequestRecord, plan: Plan, crowdAt?: CrowdAt): Story {
  const events: { ms: number; what: string }[] = []
  const add = (ms: number, what: string) => events.push({ ms: ms - record.due, what: printable(what) })

  const late = record.sent - record.due
  if (late >= NOTABLE_MS) add(record.sent, `sent, late by ${millis(late)}`)
  for (const [index, call] of record.calls.entries()) {
    const which = record.calls.length === 1 ? '' : `call ${index + 1}: `
    tellCall(call, record, plan, crowdAt, (ms, what) => add(ms, which + what))
  }
  if (record.calls.length === 0) add(record.sent, noCall(record, plan))
  else if (!record.joined && !isStraight(plan)) add(record.sent, 'nobody can say whether these are all the calls that were made for it')
  tellClientsView(record, add)
  // Calls of an app may overlap; what happened in one is told in order already.
  if (record.calls.length > 1) events.sort((a, b) => a.ms - b.ms)
  return { head: printable(headOf(record, plan)), events: events.map(({ ms, what }) => ({ at: offset(ms), what })) }
}

/** The story as lines: what it was, then one line per event, indented. */
export function tellRequest(record: RequestRecord, plan: Plan): string[] {
  const { head, events } = storyOf(record, plan)
  const width = Math.max(0, ...events.map((event) => event.at.length))
  return [head, ...events.map(({ at, what }) => `  ${padEnd(at, width)}  ${what}`)]
}

function headOf(record: RequestRecord, plan: Plan): string {
  const request = plan.requests[record.request]
  const isRun = nounOf(plan) === 'run'
  const kind = isRun ? 'run' : `${request?.method} ${request?.path}`
  const what = request === undefined ? 'a request' : kind
  const remarks = [outcomeOf(record, plan), ...(record.edge && record.end !== null ? ['in flight over the end of its phase'] : [])].join(
    '; ',
  )
  return `${record.id} ${what}, ${isRun ? 'begun' : 'due'} at ${(record.due / 1000).toFixed(3)} s: ${clientSaw(record)} (${remarks})`
}

function clientSaw(record: RequestRecord): string {
  const after = record.end === null ? '' : ` after ${millis(record.end - record.due)}`
  if (record.status === null) return `no answer${after}`
  const code = exitCodeOf(record)
  if (code !== null) return `exit code ${code}${after}`
  return record.error === null ? `${answerOf(record)}${after}` : `${record.status}, cut short${after}`
}

function outcomeOf(record: RequestRecord, plan: Plan): string {
  if (record.success) return 'a success'
  if (record.error !== null) return `not a success: ${record.error}`
  if (record.status === null) return 'not a success: never answered'
  if (nounOf(plan) === 'run')
    return record.end !== null && record.end - record.due > plan.load.deadline
      ? `not a success: killed after ${formatMs(plan.load.deadline)}`
      : 'not a success'
  const expectedStatus = isExpectedAnswer(plan.requests[record.request], record.status, record.grpcStatus ?? null)
  return expectedStatus ? `not a success: later than the deadline of ${formatMs(plan.load.deadline)}` : 'not a success: status'
}

type CrowdAt = (cluster: string, crowd: Crowd, ms: number) => Bounds

type Add = (ms: number, what: string) => void

function noCall({ joined }: RequestRecord, plan: Plan): string {
  if (joined) return 'no call came to Envoy for it'
  return isStraight(plan) ? 'Envoy has no log line for it: it never got there' : 'nobody can say which calls to Envoy were made for it'
}

function tellCall(call: Call, { due }: RequestRecord, plan: Plan, crowdAt: CrowdAt | undefined, add: Add): void {
  const { egress, attempts, ingressFaults } = call
  if (ingressFaults.length > 0) add(egress.start, `met ${metFaults(ingressFaults, plan)} before the router`)
  let free = Number.POSITIVE_INFINITY
  for (const attempt of attempts) {
    const gap = attempt.start - free
    if (gap >= NOTABLE_MS) add(free, `back-off of ${millis(gap)}`)
    add(attempt.start, tellAttempt(attempt, egress.cluster, due, plan))
    free = attempt.start + attempt.durationMs
  }
  tellEnvoysAnswer(call, crowdAt, add)
}

function tellEnvoysAnswer(call: Call, crowdAt: CrowdAt | undefined, add: Add): void {
  const { egress, attempts } = call
  const end = egress.start + egress.durationMs
  if (egress.rejectedBy !== null)
    add(
      end,
      `refused: the circuit breaker's ${egress.rejectedBy} was reached${attempts.length > 0 ? ' when it was retried' : ''}${fullThen(egress, crowdAt, end)}`,
    )
  else if (egress.retrySuppressedBy !== null) add(end, `a retry was suppressed: ${egress.retrySuppressedBy} was reached`)
  const toldByTry = attempts.some(({ cutBy }) => cutBy === egress.cutBy)
  if (egress.cutBy !== null && !toldByTry) add(end, `cut by ${nameOfTimeout(egress.cutBy)} after ${millis(egress.durationMs)}`)
  const how = [...(egress.details === null ? [] : [egress.details]), ...flagWords(egress.flags)].join(' ')
  const did = egress.status === 0 ? 'Envoy gave no answer' : `Envoy answered ${answerName(egress)}`
  const limit = limitOf(call)
  const because = limit === null ? '' : `; the limit is ${placeOfTimeout(limit, egress)}; ${sightOf(limit)}`
  add(end, `${how === '' ? did : `${did}, ${how}`}${because}`)
}

/** How many others there were when a breaker refused one. */
function fullThen({ cluster, rejectedBy }: Egress, crowdAt: CrowdAt | undefined, end: number): string {
  if (crowdAt === undefined || cluster === null || rejectedBy === null) return ''
  const crowd = COUNTS[rejectedBy]
  return `; ${boundsText(crowdAt(cluster, crowd, end))} ${crowd === 'inFlight' ? 'in flight' : 'pending'} then`
}

/** Told only where it differs from what Envoy says it sent: the head has it already. */
function tellClientsView(record: RequestRecord, add: Add): void {
  const { calls, end, status, error } = record
  const egress = calls.at(-1)?.egress ?? null
  const envoysEnd = egress === null ? null : egress.start + egress.durationMs
  const when = end ?? envoysEnd ?? record.sent
  if (error !== null) add(when, `the client saw ${status === null ? 'no answer' : `${status}, not whole`}: ${error}`)
  else if (end === null) add(when, 'the client saw no answer')
  else if (envoysEnd === null || egress?.status !== status || Math.abs(end - envoysEnd) > CLOCKS_AGREE_MS)
    add(end, exitCodeOf(record) === null ? `the client saw ${answerOf(record) ?? 'the connection end'}` : 'the run ended')
}

function offset(ms: number): string {
  const whole = Math.round(ms)
  return `${whole < 0 ? '-' : '+'}${Math.abs(whole)} ms`
}
