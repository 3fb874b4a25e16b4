import { attemptsOf, faultsAt, type RequestRecord } from '../observe/record.ts'
import type { Plan } from '../plan/plan.ts'
import { quantile } from '../statistics/quantile.ts'
import { plural } from '../value/show.ts'
import { causeOf } from '../verdict/cause.ts'
import { latencyOf } from '../verdict/finding.ts'
import { metFaults } from './envoy-words.ts'

/** Requests of one phase to which the same happened. */
export interface Course {
  phase: number
  /** `200 (a success); 2 tries; met delay 400ms (brownout-1)` */
  what: string
  count: number
  /** Ms from the due time; infinite for one that was never answered. */
  median: number
  max: number
  /** Id of the one that took longest: it shows most. */
  example: string
}

/** The courses that requests took, phase by phase, the most frequent first. */
export function coursesOf(records: Iterable<RequestRecord>, plan: Plan): Course[] {
  const groups = new Map<string, { phase: number; what: string; latencies: number[]; max: number; example: string }>()
  for (const record of records) {
    const what = courseOf(record, plan)
    const key = `${record.phase} ${what}`
    const group = groups.get(key) ?? { phase: record.phase, what, latencies: [], max: -1, example: record.id }
    const latency = latencyOf(record)
    group.latencies.push(latency)
    if (latency > group.max) {
      group.max = latency
      group.example = record.id
    }
    groups.set(key, group)
  }
  return [...groups.values()]
    .map(({ latencies, ...group }) => ({ ...group, count: latencies.length, median: quantile(Float64Array.from(latencies).sort(), 0.5) }))
    .sort((a, b) => a.phase - b.phase || b.count - a.count)
}

/** Where it is not known which calls a request led to, silence is not zero. */
function triesOf(record: RequestRecord): string {
  const known = attemptsOf(record).length
  if (record.joined) return plural(known, 'try', 'tries')
  return known === 0 ? 'tries not known' : `at least ${plural(known, 'try', 'tries')}`
}

function courseOf(record: RequestRecord, plan: Plan): string {
  const { calls } = record
  const met = new Set([...calls.flatMap((call) => call.ingressFaults), ...attemptsOf(record).flatMap(faultsAt)])
  return [
    causeOf(record, plan.load.deadline),
    ...(calls.length > 1 ? [plural(calls.length, 'call')] : []),
    triesOf(record),
    ...(met.size > 0 ? [`met ${metFaults([...met].sort(), plan)}`] : []),
    ...(record.stray ? ['left out: it came too late to the faults of its phase'] : []),
  ].join('; ')
}
