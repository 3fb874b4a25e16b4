import { effectOf } from '../fault/registry.ts'
import { ejectorOf, isHedged } from '../scenario/policy.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { asHttp } from '../value/grpc-status.ts'
import { listed } from '../value/show.ts'
import type { Class } from './classes.ts'
import type { PlayedShare } from './play.ts'
import { isGrpcTold } from './told.ts'
import { triesAt } from './try.ts'

/** What of a policy no arithmetic of single tries can tell: where the load goes then, and what becomes of it. */

/** Hosts from which on Envoy compares their success rates. */
const DEFAULT_MINIMUM_HOSTS = 5
/** Envoy's default of consecutive_5xx and its kin. */
const DEFAULT_CONSECUTIVE = 5
/** An ejection that one run in a hundred would see. */
const RARE_EJECTION = 0.01

/** Tries that begin between a try and its retry, on average, from which on the retry may go to any replica. */
const ENOUGH_BETWEEN = 2

/**
 * Where replicas differ, each try goes to one by its share only if nothing else decides. Round robin goes on over all tries
 * at a cluster: while others come between a try and its retry, the retry may go anywhere; at a low rate nobody does, and with
 * one sick replica of two every request begins at the sick one.
 * @see test/integration/predict.test.ts
 */
export function balancing(all: readonly PlayedShare[], policy: LbPolicy, attemptsPerSecond: number): string[] {
  const differ = all.filter(({ of }) => of.upstream.groups.length > 1)
  const retried = differ.filter(({ played }) => played.attempts > 1)
  if (differ.length > 0 && policy === 'LEAST_REQUEST')
    return ['the replicas differ, and LEAST_REQUEST sends more to those that are done sooner']
  if (retried.some(({ of }) => of.route?.retry_policy?.retry_host_predicate !== undefined))
    return ['the replicas differ, and retry_host_predicate keeps retries away from those that were tried']
  const between = retried.map(({ of }) => (attemptsPerSecond * (soonestFailure(of) + of.policy.longestBackOff(1) / 2)) / 1000)
  return policy !== 'RANDOM' && between.some((others) => others < ENOUGH_BETWEEN)
    ? ['the replicas differ, and hardly a request comes between a try and its retry: the order of round robin decides where it goes']
    : []
}

/** After so many ms a try that is made again has failed, at the least. */
const soonestFailure = (of: Class): number => Math.min(...of.tries.flat().flatMap(({ ms, retried }) => (retried ? [ms] : [])))

export type LbPolicy = NonNullable<Scenario['envoy']['clusters'][string]['lb_policy']>

/** Tries that overlap, or wait for as long as an answer asks for. */
export function otherRetries(all: readonly PlayedShare[]): string[] {
  const found: string[] = []
  for (const { of, played } of all) {
    const signal = of.route?.retry_policy?.per_try_timeout ?? 0
    const passes = of.tries.flat().some(({ ms }) => ms > signal)
    if (signal > 0 && passes && of.route !== undefined && isHedged(of.route))
      found.push('hedging lets tries overlap, and takes the first answer')
    const asked = of.route?.retry_policy?.rate_limited_retry_back_off?.reset_headers ?? []
    if (played.attempts > 1 && asked.some(({ name }) => Object.hasOwn(of.upstream.answer.headers, name)))
      found.push('rate_limited_retry_back_off waits for as long as the answers ask for')
  }
  return [...new Set(found)]
}

/** A body that comes slowly comes in pieces: whether a silence between them is too long, is not reckoned. */
export function silences(all: readonly PlayedShare[]): string[] {
  const trickles = ({ of }: PlayedShare) =>
    (of.route?.retry_policy?.per_try_idle_timeout ?? 0) > 0 &&
    of.upstream.groups.some(({ faults }) => faults.some(({ action }) => effectOf(action).does === 'trickle'))
  return all.some(trickles) ? ['per_try_idle_timeout may cut a body that comes slowly'] : []
}

/** Requests that wait for one connection fail with it together, some of them early. */
export function deaf(cluster: string, { upstreams }: Scenario): string[] {
  const { unreachable = [] } = upstreams[cluster] ?? {}
  if (unreachable.length === 0) return []
  const which = `${unreachable.length === 1 ? 'replica' : 'replicas'} ${listed(unreachable.map(String), 'and')}`
  return [`${which} of ${cluster} cannot be reached: what waits for a connection there fails with it, sooner or later`]
}

/** Replicas that nobody can connect to, for a part of a phase or until connect_timeout. */
export function closing(all: readonly PlayedShare[]): string[] {
  const met = all.flatMap(({ of }) => of.upstream.groups.flatMap(({ faults }) => faults.map(({ action }) => effectOf(action))))
  return [
    ...(met.some((effect) => effect.does === 'refuse' && effect.isPartly) ? ['a replica is down for a part of the phase only'] : []),
    ...(met.some(({ does }) => does === 'strand')
      ? ['a replica is unreachable: what waits for a connection there fails with it, sooner or later']
      : []),
  ]
}

export function ejecting(cluster: string, all: readonly PlayedShare[], scenario: Scenario, triesPerReplica: number): string[] {
  if (!ejectorOf(scenario, cluster).can) return []
  const detection = scenario.envoy.clusters[cluster]?.outlier_detection ?? {}
  const failing = Math.max(0, ...all.flatMap(({ of }) => of.upstream.groups.map((group) => failureShare(of, group))))
  if (failing === 0) return []
  const rows = [
    ...((detection.enforcing_consecutive_5xx ?? 100) > 0 ? [detection.consecutive_5xx ?? DEFAULT_CONSECUTIVE] : []),
    ...((detection.enforcing_consecutive_gateway_failure ?? 0) > 0 ? [detection.consecutive_gateway_failure ?? DEFAULT_CONSECUTIVE] : []),
  ]
  const byRate = (scenario.upstreams[cluster]?.replicas ?? 1) >= (detection.success_rate_minimum_hosts ?? DEFAULT_MINIMUM_HOSTS)
  const likely = byRate || rows.some((row) => triesPerReplica * failing ** row >= RARE_EJECTION)
  return likely ? ['outlier_detection may eject replicas; when it does, and what then becomes of the load, is not predicted'] : []
}

/** Of the tries that go to these replicas, how many fail in the eyes of outlier detection: of those that fail most, where tries differ. */
function failureShare(of: Class, group: Class['upstream']['groups'][number]): number {
  const tries = triesAt({ ...of.upstream, groups: [{ ...group, share: 1 }] }, of.tryPolicy, 0)
  const failing = tries.map((ways) =>
    ways.reduce(
      (sum, { chance, status, cut }) =>
        sum + (cut || status === null || (isGrpcTold(status) ? asHttp({ status: 200, grpc: status }) : status) >= 500 ? chance : 0),
      0,
    ),
  )
  return Math.max(...failing)
}
