import { DEFAULT_DEADLINE_MS, PATIENCE_MS } from '../scenario/limits.ts'
import { limitOn } from '../scenario/policy.ts'
import type { Route } from '../scenario/routing.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { AT_INGRESS, TIME_LIMITS, type Timeout } from '../scenario/timeouts.ts'

/** Everything that ends a request, or a part of one, after some time: what it looks at, and what it cannot see. */
export interface TimeLimit {
  name: LimitName
  /** Null: there is none. */
  ms: number | null
  /** Left out in the scenario. */
  isDefault: boolean
  /** From when to when it counts. */
  covers: string
  /** What the caller gets when it acts. */
  answer: string
  /** Whether it sees a delay made behind the router, or before it, and whether it looks at the response at all. */
  sees: { upstream: boolean; ingress: boolean; response: boolean }
}

export type LimitName = keyof typeof ABOUT

/** Envoy's default of connect_timeout. */
export const DEFAULT_CONNECT_MS = 5_000

const ABOUT = {
  connect_timeout: { covers: 'opening a TCP connection', answer: '503' },
  per_try_timeout: { covers: 'each try, from its connection on', answer: 'the next try, or 504' },
  per_try_idle_timeout: { covers: 'each silence of a try', answer: 'the next try, or 504' },
  timeout: { covers: 'whole request to whole response, with all tries and back-offs', answer: '504' },
  idle_timeout: { covers: 'each silence of request and response', answer: '504' },
  max_stream_duration: { covers: 'first byte of the request to last of the response', answer: '504' },
  request_timeout: { covers: 'receiving the request', answer: '504' },
  'app.client.timeout': { covers: 'each call of the app', answer: 'the app gives up, and may call again' },
  'app.within': { covers: 'a whole run of the app', answer: 'the run is killed' },
  'load.deadline': {
    covers: 'due time to whole response',
    answer: `no success; the client hangs up ${PATIENCE_MS / 1000} s later`,
  },
} as const

/** All limits of a route, from the innermost to the outermost. @see test/integration/explain.test.ts, for what each sees */
export function timeLimitsOf(scenario: Scenario, route: Route): TimeLimit[] {
  const { envoy, load, app } = scenario
  const cluster = Object.hasOwn(envoy.clusters, route.cluster) ? envoy.clusters[route.cluster] : undefined
  const retry = route.retry_policy
  const limit = (name: LimitName, given: number | undefined, ms: number, sees: TimeLimit['sees']): TimeLimit => ({
    name,
    ms: ms === 0 ? null : ms,
    isDefault: given === undefined,
    ...ABOUT[name],
    sees,
  })
  const onRoute = (name: LimitName, by: Exclude<Timeout, 'connect'>, given: number | undefined) =>
    limit(name, given, limitOn(route, by, envoy.http_connection_manager), seesOf(by))
  return [
    limit('connect_timeout', cluster?.connect_timeout, cluster?.connect_timeout ?? DEFAULT_CONNECT_MS, seesOf('connect')),
    onRoute('per_try_timeout', 'per_try', retry?.per_try_timeout),
    onRoute('per_try_idle_timeout', 'per_try_idle', retry?.per_try_idle_timeout),
    onRoute('timeout', 'route', route.timeout),
    onRoute('idle_timeout', 'idle', route.idle_timeout),
    onRoute('max_stream_duration', 'max_stream_duration', route.max_stream_duration?.max_stream_duration),
    onRoute('request_timeout', 'request', envoy.http_connection_manager?.request_timeout),
    ...(app?.client?.timeout === undefined ? [] : [limit('app.client.timeout', app.client.timeout, app.client.timeout, EVERYTHING)]),
    // For a batch its time limit stands there.
    limit(
      app?.run === undefined ? 'load.deadline' : 'app.within',
      app?.run === undefined ? load.deadline : app.within,
      load.deadline ?? DEFAULT_DEADLINE_MS,
      EVERYTHING,
    ),
  ]
}

const EVERYTHING = { upstream: true, ingress: true, response: true }

/** A limit that is over before there can be a response does not see what delays it either. */
function seesOf(by: Timeout): TimeLimit['sees'] {
  const waits = TIME_LIMITS[by].response !== 'never'
  return { upstream: waits, ingress: AT_INGRESS.some((name) => name === by), response: waits }
}
