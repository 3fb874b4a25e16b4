import type { Observations, PhaseObservation } from '../observe/observations.ts'
import type { Call, RequestRecord } from '../observe/record.ts'
import { ChangedRecords, type Records } from '../observe/records.ts'
import { nounOf } from '../plan/noun.ts'
import type { Plan } from '../plan/plan.ts'
import type { Expectation } from '../scenario/expect-schema.ts'
import { plural } from '../value/show.ts'
import { asksWhatHappened, happened, sentAs, wentBeyond } from './given.ts'
import { MIN_EXACT, MISSING_LIMIT } from './limits.ts'

/** Which requests an expectation is about. */
export type Filter = Pick<Expectation, 'phase' | 'cluster' | 'request' | 'settle' | 'given'>

export interface Selection {
  records: Records
  /**
   * These, and those that were left out because they were tried again when the faults of their phase were off; null where
   * they are no more than the edge of a phase makes now and then.
   */
  withBeyond: Records | null
  /** Why it is not known which requests belong to it, or what happened to them; null when it is. */
  unjoined: string | null
  /** Whether calls of theirs may be missing: what is counted of them is the least that there was. */
  isPart: boolean
}

/** Requests that back-offs of some ms carry over the edge of a phase. */
const FEW_BEYOND = 3

type Seen = Pick<Observations, 'phases' | 'records' | 'ejections'>

/** Indices of the phases that an expectation is about: its own, or all; none when no phase has its name. */
export function phasesOf(filter: Pick<Filter, 'phase'>, plan: Plan): number[] {
  return plan.phases.flatMap((phase, index) => (filter.phase === undefined || phase.name === filter.phase ? [index] : []))
}

/**
 * The requests that an expectation is about. What the load itself knows (phase, kind, headers, time) is asked first;
 * then the log of Envoy (cluster, what happened), which must have a line for every request so far.
 * @param needsLog - whether the metric, too, rests on Envoy's log
 */
export function select(filter: Filter, plan: Plan, { phases, records, ejections }: Seen, needsLog: boolean): Selection {
  const known = records.filter((record) => isAskedOf(filter, plan, phases, record))
  const { cluster, given } = filter
  const asksLog = needsLog || cluster !== undefined || (given !== undefined && asksWhatHappened(given))
  if (!asksLog) return { records: known, withBeyond: null, unjoined: null, isPart: false }
  const doubts = { unjoined: unjoined(plan, known), isPart: known.some(({ joined }) => !joined) }
  // Of a request that calls several clusters, only what is asked about is measured.
  const calling = cluster === undefined ? known : callingOnly(cluster, known)
  const endOf = (record: RequestRecord) => phases[record.phase]?.to ?? Number.POSITIVE_INFINITY
  if (given === undefined) return { records: calling, withBeyond: null, ...doubts }
  const met = calling.filter((record) => happened(given, plan, ejections, record))
  const chosen = met.filter((record) => !wentBeyond(given, endOf(record), record))
  const isMany = met.length - chosen.length > Math.max(FEW_BEYOND, met.length * MISSING_LIMIT)
  return { records: chosen, withBeyond: isMany ? met : null, ...doubts }
}

/** Whether an expectation is about a request, by what the load itself knows of it. */
export function isAskedOf(filter: Filter, plan: Plan, phases: readonly PhaseObservation[], record: RequestRecord): boolean {
  const phase = plan.phases[record.phase]
  if (phase === undefined || (filter.phase !== undefined && phase.name !== filter.phase)) return false
  // Few enough not to be missed: `trouble.ts` bars a phase that lost more.
  if (record.stray) return false
  if (filter.request !== undefined && plan.requests[record.request]?.name !== filter.request) return false
  if (filter.given !== undefined && !sentAs(filter.given, plan, record.request)) return false
  if (filter.settle === undefined) return true
  // By the due time alone: were requests left out for being in flight at the end, those that hang would go unseen.
  // The later of the planned and the real start: a phase that began late must settle as long.
  const from = Math.max(phase.from, phases[record.phase]?.from ?? phase.from)
  return record.due >= from + filter.settle && record.due < phase.to - filter.settle
}

/** The requests that made calls to one cluster, each with those alone. */
function callingOnly(cluster: string, records: Records): Records {
  const isAsked = ({ egress }: Call) => egress.cluster === cluster
  const calling = records.filter(({ calls }) => calls.some(isAsked))
  return new ChangedRecords(calling, (record) => ({ ...record, calls: record.calls.filter(isAsked) }))
}

/** A request that Envoy's log does not explain may be one of those that an expectation is about, or not: nobody knows. */
function unjoined(plan: Plan, records: Records): string | null {
  const noun = nounOf(plan)
  // What an app answers by itself it may; but where hardly any of them came to Envoy, nothing was tested.
  const calling = records.reduce((count, { joined, calls }) => count + Number(!joined || calls.length > 0), 0)
  if (calling < Math.min(MIN_EXACT, records.length))
    return `${calling === 0 ? 'none' : `only ${calling}`} of ${plural(records.length, noun)} led to a call that came to Envoy: nothing of its policy was tested; point the app at Envoy`
  const unexplained = records.filter(({ joined }) => !joined)
  if (unexplained.length === 0) return null
  const answered = unexplained.filter((record) => record.status !== null).length
  if (answered === 0)
    return `${unexplained.length} of ${plural(records.length, noun)} got no answer and no line in the log of Envoy that is known to be theirs: what happened is not known`
  return `${answered} of ${plural(records.length, noun)} ${answered === 1 ? 'was' : 'were'} answered, but nobody can say which calls to Envoy were made for ${answered === 1 ? 'it' : 'them'}: let the app hand on ${handedOn(plan)}, so that they can be joined`
}

function handedOn({ app }: Plan): string {
  if (app?.runWithin !== undefined) return 'CHAOS_REQUEST_ID of its environment as the header x-request-id'
  if (app?.idHeader !== undefined) return `the header ${app.idHeader}`
  return `the header x-request-id or traceparent${app === undefined ? '' : ', or name one that it hands on in app.id_header'}`
}
