/** Envoy's limits of time: what claims, evidence and reports call each, where it stands, and what it looks at. */

interface TimeLimit {
  /** Its key in a scenario, below `under`. */
  key: string
  under: 'cluster' | 'route' | 'listener'
  /** What it ends: the whole request with whatever is in flight for it, or one attempt, which may be tried again. */
  ends: 'request' | 'attempt'
  /**
   * How it stands to the response. `waits`: it runs until the response comes. `silence`, `life`: the response is part of
   * what it measures. `never`: it is over before there can be one.
   */
  response: 'waits' | 'silence' | 'life' | 'never'
}

/** @see test/integration/timeouts.test.ts and policy-timeouts.test.ts, in which each is the one that cuts */
export const TIME_LIMITS = {
  route: { key: 'timeout', under: 'route', ends: 'request', response: 'waits' },
  idle: { key: 'idle_timeout', under: 'route', ends: 'request', response: 'silence' },
  max_stream_duration: { key: 'max_stream_duration.max_stream_duration', under: 'route', ends: 'request', response: 'life' },
  request: { key: 'request_timeout', under: 'listener', ends: 'request', response: 'never' },
  per_try: { key: 'retry_policy.per_try_timeout', under: 'route', ends: 'attempt', response: 'waits' },
  per_try_idle: { key: 'retry_policy.per_try_idle_timeout', under: 'route', ends: 'attempt', response: 'silence' },
  connect: { key: 'connect_timeout', under: 'cluster', ends: 'attempt', response: 'never' },
} as const satisfies Record<string, TimeLimit>

export type Timeout = keyof typeof TIME_LIMITS
export const TIMEOUTS = Object.keys(TIME_LIMITS) as Timeout[]

/** A value for each of them. */
export const eachTimeout = <T>(make: (by: Timeout) => T) => Object.fromEntries(TIMEOUTS.map((by) => [by, make(by)])) as Record<Timeout, T>

/** Those that end a whole request. */
export type RequestTimeout = { [By in Timeout]: (typeof TIME_LIMITS)[By]['ends'] extends 'request' ? By : never }[Timeout]
export const endsRequest = (by: Timeout): by is RequestTimeout => TIME_LIMITS[by].ends === 'request'

/** The limits that run while a fault before the router holds a request up; the router's own begin later. */
export const AT_INGRESS = ['idle', 'max_stream_duration', 'request'] as const

/** `per_try_timeout`: the last part of its key, as people call it; the plain `timeout` says whose it is. */
export const nameOfTimeout = (by: Timeout): string =>
  by === 'route' ? "the route's timeout" : (TIME_LIMITS[by].key.split('.').at(-1) as string)

/** What a limit makes of the response, said of what it ended. */
export function sightOf(by: Timeout): string {
  const { response } = TIME_LIMITS[by]
  switch (response) {
    case 'waits':
      return 'it watches the response'
    case 'silence':
      return 'it watches for silence, of the response too'
    case 'life':
      return 'it measures request and response as one'
    case 'never':
      return 'it never sees the response'
  }
}

/** The name that Envoy's configuration and its logs give to a route of the scenario, by its place. */
export const routeName = (index: number) => `route-${index + 1}`

/** Where a call was routed. */
export interface Routed {
  route: string | null
  cluster: string | null
}

/**
 * Where a limit stands in the scenario, as its messages spell places: `envoy.routes[0].retry_policy.per_try_timeout`. For
 * what took no route of the scenario's, only its name.
 */
export function placeOfTimeout(by: Timeout, { route, cluster }: Routed): string {
  const { key, under } = TIME_LIMITS[by]
  if (under === 'listener') return `envoy.http_connection_manager.${key}`
  if (under === 'cluster') return cluster === null ? key : `envoy.clusters.${cluster}.${key}`
  const index = /^route-(\d+)$/.exec(route ?? '')?.[1]
  return index === undefined ? nameOfTimeout(by) : `envoy.routes[${Number(index) - 1}].${key}`
}
