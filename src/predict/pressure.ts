import type { Plan } from '../plan/plan.ts'
import { BREAKER_DEFAULTS } from '../scenario/policy.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { erlangLoss } from '../statistics/erlang.ts'
import { formatPercent, trim } from '../units.ts'
import { plural } from '../value/show.ts'
import type { Chance } from './outcome.ts'
import type { PlayedClass, PlayedShare } from './play.ts'
import { meanOf } from './service.ts'
import { workOn } from './try.ts'
import { balancing, closing, deaf, ejecting, otherRetries, silences } from './unforeseen.ts'

/** What the load of a phase makes of one cluster, on average (Little's law), if no limit acts. */
export interface Pressure {
  cluster: string
  attemptsPerSecond: number
  /** Tries under way at once. */
  inFlight: number
  /** Retries under way at once, those that wait included. */
  retries: number
  /** Busy workers ÷ workers; null without a limit of workers. */
  utilisation: number | null
  /** Why retries may be refused: how many requests are helped by one is then left open. */
  suppressed: string | null
  /** Why nothing is predicted for the requests to this cluster. */
  unpredicted: string[]
}

export interface Circumstances {
  scenario: Scenario
  plan: Plan
  /** Requests per second, of all kinds together. */
  rate: number
  /** The highest rate of the phase ÷ its mean: above 1 in a ramp. */
  peak: number
  /** Requests that come at one instant; 0 without bursts. */
  burst: number
  phaseMs: number
}

/** Envoy's default of min_retry_concurrency. */
const DEFAULT_MIN_RETRIES = 3
/** What happens to fewer requests than one in a thousand changes no prediction. */
const RARE = 0.001

/** @param all - the classes of a phase that are routed to the cluster, as they would go if no limit acted */
export function pressureOn(
  cluster: string,
  all: readonly PlayedShare[],
  { scenario, plan, rate, peak, burst, phaseMs }: Circumstances,
): Pressure {
  const perSecond = (of: (played: PlayedClass) => number) =>
    all.reduce((sum, { of: { share }, played }) => sum + rate * share * played.routed * of(played), 0)
  const attemptsPerSecond = perSecond((played) => played.attempts)
  const inFlight = perSecond((played) => played.busyMs) / 1000
  const retries = perSecond((played) => played.retryMs) / 1000
  const servers = plan.stubs.servers.filter((server) => server.cluster === cluster)
  const [server] = servers
  const service = workOf(all)
  const workers = server?.workers
  const atStubs = perSecond((played) => played.atStub)
  const utilisation = workers === undefined ? null : (atStubs * meanOf(service)) / 1000 / (servers.length * workers)
  const policy = Object.hasOwn(scenario.envoy.clusters, cluster) ? scenario.envoy.clusters[cluster] : undefined
  const limits = policy?.circuit_breakers ?? {}
  const pressure = { cluster, attemptsPerSecond, inFlight, retries, utilisation, suppressed: null }
  return {
    ...pressure,
    suppressed: suppression(retries * peak, limits),
    unpredicted: [
      ...bursts(burst, workers, limits),
      ...(workers === undefined ? [] : queueing(all, service, (utilisation ?? 0) * peak, workers)),
      ...full(inFlight * peak, mostInFlight(all, inFlight * peak, scenario, plan), limits),
      ...balancing(all, policy?.lb_policy ?? 'ROUND_ROBIN', attemptsPerSecond),
      ...otherRetries(all),
      ...silences(all),
      ...deaf(cluster, scenario),
      ...closing(all),
      ...ejecting(cluster, all, scenario, (attemptsPerSecond * phaseMs) / 1000 / Math.max(1, servers.length)),
    ],
  }
}

/** How long the work on a try takes, of all classes together; some may meet faults that make it longer. */
function workOf(all: readonly PlayedShare[]): Chance[] {
  const tables = all.map(({ of, played }) => ({ work: workOn(of.upstream), weight: of.share * played.routed * played.atStub }))
  const sum = tables.reduce((total, { work, weight }) => total + weight * work.reduce((part, { chance }) => part + chance, 0), 0)
  if (sum === 0) return []
  return tables.flatMap(({ work, weight }) => work.map(({ chance, ms }) => ({ chance: (chance * weight) / sum, ms })))
}

function suppression(retries: number, { max_retries: limit, retry_budget: budget }: Limits): string | null {
  const places = budget === undefined ? (limit ?? BREAKER_DEFAULTS.max_retries) : (budget.min_retry_concurrency ?? DEFAULT_MIN_RETRIES)
  const refused = erlangLoss(retries, places)
  if (retries === 0 || refused < RARE) return null
  const wanted = `retries wanted at once, back-offs included: about ${about(retries)}`
  if (budget !== undefined) return `${wanted}; that is more than retry_budget lets through in any case (min_retry_concurrency: ${places})`
  const spelt = `max_retries: ${places}${limit === undefined ? ' (the default)' : ''}`
  return `${wanted}; ${spelt} suppresses some ${formatPercent(refused, 0)} of them`
}

/**
 * No more can be in flight than this: the callers of a closed loop each have one request; and tries that all take the
 * same time and begin at even gaps lie evenly.
 */
function mostInFlight(all: readonly PlayedShare[], inFlight: number, { load }: Scenario, plan: Plan): number {
  if (plan.load.kind === 'closed') return plan.load.connections
  const even =
    load.arrivals !== 'poisson' &&
    all.every(({ of: { upstream } }) => upstream.service.length === 1 && upstream.groups.every(({ faults }) => faults.length === 0))
  return even ? Math.ceil(inFlight) + 1 : Number.POSITIVE_INFINITY
}

/** Where many come at one instant, who of them waits or is refused nobody can say before. */
function bursts(size: number, workers: number | undefined, limits: Limits): string[] {
  const narrow = [
    ...(workers === undefined ? [] : ['the workers of the stubs']),
    ...(['max_requests', 'max_pending_requests', 'max_connections'] as const).filter(
      (name) => (limits[name] ?? BREAKER_DEFAULTS[name]) < size,
    ),
  ]
  return size === 0 || narrow.length === 0 ? [] : [`bursts of ${plural(size, 'request')} at once meet ${narrow.join(' and ')}`]
}

/** Breakers that the load fills: who is refused or has to wait then, nobody can say before. */
function full(
  inFlight: number,
  most: number,
  limits: { max_requests?: number | undefined; max_connections?: number | undefined },
): string[] {
  const found: string[] = []
  for (const [name, effect] of [
    ['max_requests', 'refuses what is beyond'],
    ['max_connections', 'lets the others wait'],
  ] as const) {
    const limit = limits[name] ?? BREAKER_DEFAULTS[name]
    if (most <= limit || erlangLoss(inFlight, limit) < RARE) continue
    const spelt = `${name}: ${limit}${limits[name] === undefined ? ' (the default)' : ''}`
    found.push(`in flight at once: about ${about(inFlight)} tries; ${spelt} ${effect}`)
  }
  return found
}

/** Requests that wait for a worker of the stub, longer than the limits leave them. */
function queueing(all: readonly PlayedShare[], service: readonly Chance[], utilisation: number, workers: number): string[] {
  const mean = meanOf(service)
  if (utilisation >= 1)
    return [`the stubs have work for ${formatPercent(utilisation, 0)} of their workers: the queue grows as long as the phase lasts`]
  const limit = Math.min(...all.flatMap(({ of }) => [of.tryPolicy.perTryTimeout, of.policy.timeout, of.deadline].filter((ms) => ms > 0)))
  const longest = Math.max(...service.filter(({ chance }) => chance > RARE).map(({ ms }) => ms), 0)
  // As if arrivals were independent and service times exponential: the real ones are more even, so that fewer wait.
  const offered = utilisation * workers
  const loss = erlangLoss(offered, workers)
  const waits = loss / (1 - utilisation * (1 - loss))
  const tooLong = waits * Math.exp((-Math.max(0, limit - longest) * (workers - offered)) / mean)
  return tooLong < RARE
    ? []
    : [
        `the stubs' workers are busy ${formatPercent(utilisation, 0)} of the time: some requests wait for one for longer than the limits allow`,
      ]
}

type Limits = NonNullable<Scenario['envoy']['clusters'][string]['circuit_breakers']>

const about = (value: number) => trim(value, value < 10 ? 1 : 0)
