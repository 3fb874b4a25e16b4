import { kindsIn } from '../fault/registry.ts'
import type { Ejection } from '../observe/observations.ts'
import { attemptsOf, cutsOf, type RequestRecord, retriesOf } from '../observe/record.ts'
import { CLOCK_SLACK_MS } from '../observe/timeline.ts'
import type { Plan } from '../plan/plan.ts'
import { EVENTS, type Given, isSentTo } from '../scenario/given-schema.ts'
import { TIMEOUTS } from '../scenario/timeouts.ts'
import { holds } from '../value/condition.ts'
import { metFaults } from './fault.ts'

/** Whether a kind of request is one that a claim is about, as far as the load itself knows. */
export function sentAs({ header, path }: Pick<Given, 'header' | 'path'>, plan: Plan, request: number): boolean {
  const sent = plan.requests[request]
  if (header !== undefined && !isEqualIn(sent?.headers ?? {}, header)) return false
  return path === undefined || isSentTo(path, sent?.path ?? '')
}

/** Names are in lower case on both sides. */
const isEqualIn = (sent: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>) =>
  Object.entries(wanted).every(([name, value]) => sent[name] === value)

/** Whether it takes the log of Envoy to know which requests are meant. */
export const asksWhatHappened = (given: Given) =>
  given.attempts !== undefined || given.none === true || EVENTS.some((event) => given[event] !== undefined)

/** What each event is in the record of a request: the names of its kinds that happened. */
type Happened = Record<Exclude<(typeof EVENTS)[number], 'retried' | 'ejection'>, (record: RequestRecord, plan: Plan) => readonly string[]>

const HAPPENED: Happened = {
  fault: (record, plan) =>
    [...metFaults(record)].flatMap((id): string[] => {
      const fault = plan.faults.find((planned) => planned.id === id)
      return fault === undefined ? [id] : kindsIn(fault.action)
    }),
  timeout: (record) => TIMEOUTS.filter((by) => cutsOf(record, by) > 0),
  rejection: ({ calls }) => calls.flatMap(({ egress }) => egress.rejectedBy ?? []),
  suppressed: ({ calls }) => calls.flatMap(({ egress }) => egress.retrySuppressedBy ?? []),
}

/** Whether all that is asked happened to a request. */
export function happened(given: Given, plan: Plan, ejections: readonly Ejection[], record: RequestRecord): boolean {
  if (given.attempts !== undefined && !holds(given.attempts, attemptsOf(record).length)) return false
  if (given.retried !== undefined && retriesOf(record) > 0 !== given.retried) return false
  if (given.ejection !== undefined && !(given.ejection === 'any' ? cameDuring : passedWithout)(ejections, record)) return false
  for (const event of Object.keys(HAPPENED) as (keyof Happened)[]) {
    const asked = given[event]
    if (asked === undefined) continue
    const kinds = HAPPENED[event](record, plan)
    if (asked === 'none' ? kinds.length > 0 : asked === 'any' ? kinds.length === 0 : !kinds.includes(asked)) return false
  }
  if (given.none) return isUntouched(plan, ejections, record)
  return true
}

function isUntouched(plan: Plan, ejections: readonly Ejection[], record: RequestRecord): boolean {
  return (
    retriesOf(record) === 0 &&
    passedWithout(ejections, record) &&
    Object.values(HAPPENED).every((kinds) => kinds(record, plan).length === 0)
  )
}

/** Whether something is asked to have happened, rather than not. */
const asksEvent = (given: Given) => given.none !== true && EVENTS.some((event) => ![undefined, 'none', false].includes(given[event]))

/**
 * Whether an attempt was made when the phase, and with it its faults, had ended, of a request that is asked for by what
 * happened to it. It says nothing of what happens to one that meets the fault: its last tries met none. One that only
 * hangs on beyond the end is kept.
 * @param to - when the faults of its phase ended
 */
export function wentBeyond(given: Given, to: number, record: RequestRecord): boolean {
  return asksEvent(given) && attemptsOf(record).some((attempt) => attempt.start > to - CLOCK_SLACK_MS)
}

/** From Envoy's main thread, which ejects, to the worker that balances the load; clocks and whole milliseconds included. */
const TOLD_MS = 10

/** Whether a host was out when one of its calls came to the cluster: surely, at any difference of the clocks. */
function cameDuring(ejections: readonly Ejection[], { calls }: RequestRecord): boolean {
  return calls.some(({ egress: { cluster, start } }) =>
    ejections.some(({ cluster: of, from, to }) => of === cluster && from + TOLD_MS <= start && start <= to - TOLD_MS),
  )
}

/** Whether surely no host was out at any time of its calls. */
function passedWithout(ejections: readonly Ejection[], { calls }: RequestRecord): boolean {
  return !calls.some(({ egress: { cluster, start, durationMs } }) =>
    ejections.some(({ cluster: of, from, to }) => of === cluster && from - TOLD_MS <= start + durationMs && start <= to + TOLD_MS),
  )
}
