import type { Observations } from '../observe/observations.ts'
import type { RequestRecord } from '../observe/record.ts'
import { nounOf } from '../plan/noun.ts'
import type { Plan } from '../plan/plan.ts'
import type { Scenario } from '../scenario/scenario.ts'
import type { Outcome } from './verdict.ts'

/** The part of an outcome that its metric decides. */
export type Finding = Pick<Outcome, 'seen' | 'value' | 'interval' | 'samples' | 'status' | 'why' | 'examples'>

/** What a metric is measured from, besides the requests that its expectation selects. */
export interface Evidence {
  scenario: Scenario
  plan: Plan
  observations: Observations
}

/** No data is never a pass. */
export function noData(why: string): Finding {
  return { seen: null, value: null, interval: null, samples: 0, status: 'inconclusive', why, examples: [] }
}

/** None of what a claim is about was there. */
export const nothingSeen = (plan: Pick<Plan, 'load'>) => noData(`no ${nounOf(plan)} was seen of those that it is about`)

/** A pass tells no reasons and needs no examples. */
export function finding(parts: Omit<Finding, 'why' | 'examples'> & { why: string; examples: readonly string[] }): Finding {
  return parts.status === 'pass' ? { ...parts, why: null, examples: [] } : parts
}

/** Ms from the due time to the end of the response; infinite when no whole response came. */
export function latencyOf(record: RequestRecord): number {
  return record.end === null || record.error !== null ? Number.POSITIVE_INFINITY : record.end - record.due
}
