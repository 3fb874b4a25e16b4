import { attemptsOf, type Call, type RequestRecord } from '../observe/record.ts'
import type { Records } from '../observe/records.ts'
import { nounOf } from '../plan/noun.ts'
import type { Plan } from '../plan/plan.ts'
import { listed, plural } from '../value/show.ts'
import { hasFailed } from './cause.ts'

/** What is done twice where it comes twice. */
const NOT_IDEMPOTENT = ['POST', 'PATCH']

/**
 * Who made the attempts of requests that had several, where the app itself had a part in it, as the end of a sentence: it
 * called again, and where Envoy tried those calls again, too, the tries multiply. Empty where it did not.
 */
export function madeByApp(records: Records, plan: Plan): string {
  const again = records.filter(isCalledAgain)
  if (again.length === 0) return ''
  const most = (of: (record: RequestRecord) => number) => again.reduce((high, record) => Math.max(high, of(record)), 0)
  const calls = most((record) => record.calls.length)
  const tries = most((record) => Math.max(...record.calls.map(({ attempts }) => attempts.length)))
  const clusters = again.reduce((names, record) => names.add(clusterCalledAgain(record) ?? 'no cluster'), new Set<string>())
  const app = `for ${plural(again.length, nounOf(plan))} the app called ${listed([...clusters], 'and')} again after a call that had failed (up to ${calls} calls each)`
  const both = tries > 1 ? `, and Envoy tried each call up to ${plural(tries, 'time')}: the tries of both multiply` : ''
  return `; ${app}${both}${doneTwice(again, plan)}`
}

/** Orders and the like that came to the upstream more than once, whatever became of the answers. */
function doneTwice(again: Records, { requests }: Plan): string {
  const twice = again.filter(
    (record) =>
      NOT_IDEMPOTENT.includes(requests[record.request]?.method ?? '') &&
      attemptsOf(record).filter(({ stub, sentOn }) => stub !== null || typeof sentOn === 'number').length > 1,
  )
  if (twice.length === 0) return ''
  const methods = twice.reduce((names, record) => names.add(requests[record.request]?.method ?? ''), new Set<string>())
  return `; ${twice.length} × ${listed([...methods], 'or')} came to the upstream more than once`
}

const isCalledAgain = (record: RequestRecord) => clusterCalledAgain(record) !== undefined

/** Undefined where no call followed a failed one to the same cluster. */
function clusterCalledAgain({ calls }: RequestRecord): string | null | undefined {
  const again = calls.find((call, i) => calls.slice(0, i).some((before) => isBefore(before, call)))
  return again?.egress.cluster
}

/** Calls to one cluster may also be made side by side; of one that was given up Envoy hears a little later. */
const isBefore = (one: Call, other: Call) =>
  hasFailed(one) &&
  one.egress.cluster === other.egress.cluster &&
  one.egress.start + one.egress.durationMs <= other.egress.start + HEARD_WITHIN_MS

const HEARD_WITHIN_MS = 10
