import { type Had, hadOf } from '../fault/when.ts'
import { isGrpc } from '../value/grpc-status.ts'
import { METHODS, type Method } from './methods.ts'
import type { ScenarioDocument } from './schema.ts'

/** Where a request goes by the routes of a scenario, as Envoy would decide it on the shared port. */

export type Route = NonNullable<ScenarioDocument['envoy']['routes']>[number]
export type RequestKind = NonNullable<ScenarioDocument['load']['requests']>[number]
type Routed = Pick<ScenarioDocument, 'upstreams' | 'envoy'>

/** One and the same at every call: kinds of request are told apart by identity. */
const DEFAULT_REQUESTS: readonly RequestKind[] = [{ GET: '/', weight: 1, headers: {} }]

/** The kinds of request of the load; `GET /` when none is given. */
export function requestsOf(scenario: Pick<ScenarioDocument, 'load'>): readonly RequestKind[] {
  return scenario.load.requests ?? DEFAULT_REQUESTS
}

/** The method and the path (with its query) of a request. */
export function methodAndPath(request: RequestKind): { method: Method; path: string } {
  for (const method of METHODS) {
    const path = request[method]
    if (path !== undefined) return { method, path }
  }
  throw new Error('a request without a method passed the schema')
}

/** What a request is called: its own name, else its method and path. */
export function nameOf(request: RequestKind): string {
  const { method, path } = methodAndPath(request)
  return request.name ?? `${method} ${path}`
}

/**
 * The headers of a request as they go on the wire, names in lower case: those of the scenario, and the content type of
 * a JSON body that has none.
 */
export function headersOf(request: RequestKind): Readonly<Record<string, string>> {
  if (request.json === undefined || Object.hasOwn(request.headers, 'content-type')) return request.headers
  return { ...request.headers, 'content-type': 'application/json' }
}

export const isGrpcKind = (request: RequestKind): boolean => isGrpc(headersOf(request)['content-type'])

/** What Envoy can ask of a request of this kind. */
export const hadBy = (request: RequestKind): Had => hadOf({ ...methodAndPath(request), headers: headersOf(request) })

/** Whether the load goes to Envoy itself. What an app makes of a request, or a target of the user's, is not known before the run. */
export const goesStraight = ({ app, load }: Pick<ScenarioDocument, 'app' | 'load'>) => app === undefined && load.target === undefined

/** The routes of the shared port; a scenario with one upstream may leave them out. */
export function routesOf(scenario: Routed): readonly Route[] {
  if (scenario.envoy.routes !== undefined) return scenario.envoy.routes
  const [only, ...others] = Object.keys(scenario.upstreams)
  return only !== undefined && others.length === 0 ? [{ match: { prefix: '/' }, cluster: only }] : []
}

/** The first route that matches. A prefix or path is compared with the path without its query. */
export function routeFor(scenario: Routed, request: RequestKind): Route | undefined {
  const { path } = methodAndPath(request)
  const [bare = ''] = path.split('?', 1)
  return routesOf(scenario).find(({ match }) => matchesPath(match, bare) && hasHeaders(request, match.headers ?? {}))
}

/** The cluster that a request is routed to; undefined when Envoy would answer 404. */
export function routeOf(scenario: Routed, request: RequestKind): string | undefined {
  return routeFor(scenario, request)?.cluster
}

/** Whether a request may go to a cluster: one without a known way is told of at its route, and may go anywhere. */
export function mayReach(scenario: Routed, request: RequestKind, cluster: string): boolean {
  const routed = knownRouteOf(scenario, request)
  return routed === undefined || routed === cluster
}

/** The cluster that a request is routed to, where that is an upstream. */
export function knownRouteOf(scenario: Routed, request: RequestKind): string | undefined {
  const cluster = routeOf(scenario, request)
  return cluster !== undefined && Object.hasOwn(scenario.upstreams, cluster) ? cluster : undefined
}

/** Whether the request carries all of these headers with exactly these values. `wanted` has its names in lower case. */
export function hasHeaders(request: RequestKind, wanted: Readonly<Record<string, string>>): boolean {
  const headers = headersOf(request)
  return Object.entries(wanted).every(([name, value]) => Object.hasOwn(headers, name) && headers[name] === value)
}

/** Whether every request that `later` matches is matched by `earlier` too. */
export function covers(earlier: Route['match'], later: Route['match']): boolean {
  const laterPath = later.path ?? later.prefix ?? '/'
  const paths =
    earlier.prefix === undefined ? later.path !== undefined && earlier.path === later.path : laterPath.startsWith(earlier.prefix)
  return (
    paths &&
    Object.entries(earlier.headers ?? {}).every(
      ([name, value]) => later.headers !== undefined && Object.hasOwn(later.headers, name) && later.headers[name] === value,
    )
  )
}

function matchesPath(match: Route['match'], path: string): boolean {
  return match.prefix === undefined ? match.path === path : path.startsWith(match.prefix)
}
