import type { Bounds } from '../observe/crowd.ts'
import { type Attempt, type Call, faultsAt, type RequestRecord } from '../observe/record.ts'
import { isHedged, perTryTimeoutOf, triesOf } from '../scenario/policy.ts'
import type { Route } from '../scenario/routing.ts'
import { hasFailed } from '../verdict/cause.ts'
import type { Seen } from './sentence.ts'
import { breakerSetting, outlierSetting, retryLimit, routeSetting, routeTaken, type Setting, timeoutSetting } from './setting.ts'
import type { Streaks } from './streaks.ts'
import { type AllTraffic, isStorm, lineOf, tryFailed, unconnectedOf } from './traffic.ts'

/** What a setting did to a request. */
export type Deed =
  | 'storm'
  | 'refused'
  | 'refusedIdle'
  | 'suppressed'
  | 'keptOut'
  | 'keptIn'
  | 'connecting'
  | 'connectionLine'
  | 'workerLine'
  | 'cutShort'
  | 'letWait'
  | 'usedUp'
  | 'notRetried'
  | 'notHedged'

/** The setting that a request of a missed claim leads to. */
export interface Culprit {
  deed: Deed
  setting: Setting
  cluster: string
  /** Ms for which it waited; 0 where it is not a wait. */
  waited: number
}

/** What requests are judged by besides themselves. */
export interface Surroundings {
  seen: Seen
  traffic: AllTraffic
  streaks: Streaks
  /** Refusals while workers were free; only of clusters with a limit of workers. */
  spare: (phase: number) => ReadonlyMap<string, Bounds>
}

/**
 * The setting that made a request end badly, by what the evidence shows; null where none is seen to.
 * @param patience - ms from its due time; a longer one was too slow
 */
export function culpritOf(record: RequestRecord, patience: number, around: Surroundings): Culprit | null {
  const call = tellingOf(record)
  const cluster = call?.egress.cluster ?? null
  if (call === undefined || cluster === null) return null
  const found = deedAt(record, call, cluster, patience, around)
  return found === null ? null : { waited: 0, ...found, cluster }
}

type Found = Omit<Culprit, 'cluster' | 'waited'> & { waited?: number }

/** The call that says most of how a request ended: the last that failed, or the longest. */
const tellingOf = ({ calls }: RequestRecord): Call | undefined =>
  calls.findLast(hasFailed) ?? calls.toSorted((a, b) => b.egress.durationMs - a.egress.durationMs)[0]

function deedAt(record: RequestRecord, call: Call, cluster: string, patience: number, around: Surroundings): Found | null {
  const { seen, traffic } = around
  const { scenario, plan, observations } = seen
  const { egress } = call
  if (isStorm(traffic.to(cluster, record.phase))) return { deed: 'storm', setting: retryLimit(scenario, cluster) }
  if (egress.rejectedBy !== null) {
    const spare = around.spare(record.phase).get(cluster)
    // Where all workers were busy the load is too much, not the limit too low.
    if (spare?.most === 0) return null
    return { deed: spare === undefined ? 'refused' : 'refusedIdle', setting: breakerSetting(scenario, cluster, egress.rejectedBy) }
  }
  if (egress.retrySuppressedBy !== null) return { deed: 'suppressed', setting: retryLimit(scenario, cluster) }
  if (egress.flags.includes('UH')) {
    const isOver = plan.phases[record.phase]?.faults.length === 0
    const isOut = observations.ejections.some((each) => each.cluster === cluster && each.from <= egress.start && egress.start < each.to)
    return isOver && isOut ? { deed: 'keptOut', setting: outlierSetting(scenario, cluster, 'base_ejection_time') } : null
  }
  // What was cut short in time has no whole answer either, but did not wait.
  if (egress.start + egress.durationMs - record.due > patience) return waitOf(record, call, cluster, seen)
  const taken = routeTaken(scenario, egress.route)
  if (taken === undefined) return null
  return endOf(record, call, cluster, taken, around)
}

/** What a request that came too late waited for most. */
function waitOf(
  { phase, request }: RequestRecord,
  { egress, attempts }: Call,
  cluster: string,
  { scenario, plan, observations }: Seen,
): Found | null {
  const most = (of: (attempt: Attempt) => number) => Math.max(0, ...attempts.map(of))
  const isMost = (ms: number) => 2 * ms >= egress.durationMs
  const upload = plan.requests[request]?.uploadMs ?? 0
  if (plan.app === undefined && upload > 0 && isMost(upload))
    return { deed: 'letWait', setting: timeoutSetting(scenario, 'request', egress), waited: upload }
  const line = most(lineOf)
  if (isMost(line)) return { deed: 'workerLine', setting: breakerSetting(scenario, cluster, 'max_requests'), waited: line }
  const unconnected = most(unconnectedOf)
  if (isMost(unconnected)) return { ...connectionWait(phase, cluster, egress, { scenario, observations }), waited: unconnected }
  const waited = most(({ durationMs }) => durationMs)
  // How long an app waits is its own affair.
  if (plan.app !== undefined || !isMost(waited)) return null
  const route = routeTaken(scenario, egress.route)?.route
  if (route === undefined || isHedged(route)) return null
  const hasTries = route.retry_policy !== undefined && (perTryTimeoutOf(route) > 0 || triesOf(route) > 1)
  return { deed: 'letWait', setting: timeoutSetting(scenario, hasTries ? 'per_try' : 'route', egress), waited }
}

/** A connection that is not let be opened, or one that does not come about. */
function connectionWait(
  phase: number,
  cluster: string,
  at: Call['egress'],
  { scenario, observations }: Pick<Seen, 'scenario' | 'observations'>,
): Found {
  const isFull = (observations.phases[phase]?.connectionOverflows[cluster] ?? 0) > 0
  if (isFull) return { deed: 'connectionLine', setting: breakerSetting(scenario, cluster, 'max_pending_requests') }
  return { deed: 'connecting', setting: timeoutSetting(scenario, 'connect', at) }
}

/** What ended a request that failed in time. */
function endOf(
  record: RequestRecord,
  call: Call,
  cluster: string,
  { route, index }: { route: Route; index: number },
  around: Surroundings,
): Found | null {
  const { egress, attempts } = call
  const { scenario } = around.seen
  const last = attempts.at(-1)
  const first = attempts[0]
  if (egress.cutBy !== null) {
    if (last !== undefined && 2 * unconnectedOf(last) >= egress.durationMs)
      return { ...connectionWait(record.phase, cluster, egress, around.seen), waited: unconnectedOf(last) }
    if (last !== undefined && isHopeless(last, around.seen)) return null
    return { deed: 'cutShort', setting: timeoutSetting(scenario, egress.cutBy, egress) }
  }
  if (last === undefined || first === undefined) return null
  // Served by a later try: what counts is why it took one.
  const telling = tryFailed(last) ? last : first
  if (!tryFailed(telling) || telling.flags.includes('UPE')) return null
  if (tryFailed(last) && attempts.length < triesOf(route)) return notRetried(last, route, index)
  const like = around.traffic.like(record, call)
  if (telling.cutBy === 'per_try') {
    if (route.hedge_policy !== undefined && !isHedged(route))
      return { deed: 'notHedged', setting: routeSetting(index, 'hedge_policy.hedge_on_per_try_timeout', 'false') }
    if (2 * like.cut >= like.attempts && !isHopeless(telling, around.seen))
      return { deed: 'cutShort', setting: timeoutSetting(scenario, 'per_try', egress) }
  }
  if (!tryFailed(last)) return null
  if (around.streaks.isKept(cluster, last)) return { deed: 'keptIn', setting: outlierSetting(scenario, cluster, 'max_ejection_percent') }
  // One more try helps where most tries go well.
  if (route.retry_policy === undefined || 2 * like.failed > like.attempts) return null
  return { deed: 'usedUp', setting: routeSetting(index, 'retry_policy.num_retries', String(triesOf(route) - 1)) }
}

function notRetried(last: Attempt, { retry_policy: retry }: Route, index: number): Found | null {
  // The caller had some of that answer.
  if (retry === undefined || (last.status > 0 && last.status < 400 && last.grpc === undefined)) return null
  const codes = retry.retriable_status_codes
  if (last.status > 0 && retry.retry_on.includes('retriable-status-codes') && codes !== undefined && !codes.includes(last.status))
    return { deed: 'notRetried', setting: routeSetting(index, 'retry_policy.retriable_status_codes', codes.join(', ')) }
  return { deed: 'notRetried', setting: routeSetting(index, 'retry_policy.retry_on', retry.retry_on.join(', ')) }
}

/** No patience would have brought its answer. */
function isHopeless(attempt: Attempt, { plan }: Seen): boolean {
  return attempt.door !== undefined || faultsAt(attempt).some((id) => plan.faults.find((fault) => fault.id === id)?.action.kind === 'hang')
}
