import { fulfils } from '../fault/when.ts'
import type { Plan, PlannedFault } from '../plan/plan.ts'
import { DEFAULT_CONNECT_TIMEOUT_MS, DEFAULT_IDLE_TIMEOUT_MS, PATIENCE_MS } from '../scenario/limits.ts'
import { perTryTimeoutOf, timeoutOf, triesOf } from '../scenario/policy.ts'
import { hadBy, isGrpcKind, nameOf, type RequestKind, type Route, requestsOf, routeFor, routesOf } from '../scenario/routing.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { stubBody } from '../scenario/stub-body.ts'
import { GRPC } from '../value/grpc-status.ts'
import type { Chance } from './outcome.ts'
import type { RequestPolicy } from './request.ts'
import { type Answer, answerOf, longestBackOff, retriesAnswer, retriesConnecting, retriesCut } from './retry.ts'
import { serviceTimes } from './service.ts'
import { type Told, toldOf } from './told.ts'
import { statesOf, type Tries, type TryPolicy, triesAt, type Upstream } from './try.ts'

/** One kind of request in one phase: it takes one route and may meet the same faults each time. */
export interface Class {
  kind: RequestKind
  name: string
  /** Among all requests of the load, by weight. */
  share: number
  /** Undefined where no route takes it: Envoy answers 404. */
  route: Route | undefined
  upstream: Upstream
  tryPolicy: TryPolicy
  policy: RequestPolicy
  stream: StreamLimits
  /** What the faults before the router do to it. */
  ingress: readonly { chance: number; delay: number; abort: Answer | null }[]
  deadline: number
  /** Ms that sending the request itself takes. */
  upload: number
  /** All ways that its tries can end, if the machine adds nothing. */
  tries: Tries
  /** Before the run requests were chosen for a fault of it. */
  isChosen: boolean
  /** Equal for those that go the same ways: on one route, with the same faults. */
  key: string
}

/** Limits that begin with the first byte of a request, before any fault; ms, 0: no limit. */
interface StreamLimits {
  /** To the whole answer: max_stream_duration, and idle_timeout too, since nothing is heard before the stub's answer. */
  answered: number
  /** What its caller is told then. */
  told: Told
  /** To the whole request, as it leaves the filters before the router. */
  received: number
}

export const shortest = (...limits: readonly (number | undefined)[]): number => {
  const given = limits.filter((ms) => ms !== undefined && ms > 0) as number[]
  return given.length === 0 ? 0 : Math.min(...given)
}

/** What ends a try of the stub, which answers in one piece. */
export const tryLimitOf = (route: Route): number => shortest(perTryTimeoutOf(route), route.retry_policy?.per_try_idle_timeout)

function streamLimitsOf({ envoy }: Scenario, route: Route | undefined, grpc: boolean): StreamLimits {
  const [life, idle] = [route?.max_stream_duration?.max_stream_duration, route?.idle_timeout ?? DEFAULT_IDLE_TIMEOUT_MS]
  const answered = shortest(life, idle)
  return {
    answered,
    // The one limit that tells a gRPC call its own status (test/integration/grpc.test.ts).
    told: grpc && answered === life ? GRPC.DEADLINE_EXCEEDED : toldOf(grpc, 504),
    received: envoy.http_connection_manager?.request_timeout ?? 0,
  }
}

/** The classes of a phase. */
export function classesOf(scenario: Scenario, plan: Plan, phase: number, services: ReadonlyMap<string, readonly Chance[]>): Class[] {
  const kinds = requestsOf(scenario)
  const weight = kinds.reduce((sum, kind) => sum + kind.weight, 0)
  const faults = (plan.phases[phase]?.faults ?? []).flatMap((index) => plan.faults[index] ?? [])
  const routes = routesOf(scenario)
  const known = new Map<string, Fate>()
  return kinds.map((kind) => {
    const route = routeFor(scenario, kind)
    const met = route === undefined ? [] : faults.filter((fault) => fault.cluster === route.cluster && fulfils(hadBy(kind), fault.when))
    const grpc = isGrpcKind(kind)
    const key = `${routes.findIndex((one) => one === route)} ${grpc ? 'gRPC ' : ''}${met.map(({ id }) => id).join()}`
    const fate = known.get(key) ?? fateOf(scenario, route, grpc, met, services)
    known.set(key, fate)
    return {
      kind,
      name: nameOf(kind),
      share: kind.weight / weight,
      route,
      ...fate,
      stream: streamLimitsOf(scenario, route, grpc),
      policy: {
        tries: route === undefined ? 1 : triesOf(route),
        timeout: route === undefined ? 0 : timeoutOf(route),
        timeoutStatus: toldOf(grpc, 504),
        patience: plan.load.deadline + PATIENCE_MS,
        longestBackOff: (n) => (route === undefined ? 0 : longestBackOff(route, n)),
      },
      ingress: statesOf(
        met.filter(({ at }) => at === 'ingress'),
        { grpc, bodyBytes: 0 },
      ),
      deadline: plan.load.deadline,
      isChosen: met.some(({ chosen }) => chosen !== null),
      upload: kind.upload?.over ?? 0,
      key,
    }
  })
}

type Fate = Pick<Class, 'upstream' | 'tryPolicy' | 'tries'>

function fateOf(
  scenario: Scenario,
  route: Route | undefined,
  grpc: boolean,
  met: readonly PlannedFault[],
  services: ReadonlyMap<string, readonly Chance[]>,
): Fate {
  const upstream = upstreamOf(scenario, route?.cluster, grpc, met, services)
  const tryPolicy: TryPolicy = {
    perTryTimeout: route === undefined ? 0 : tryLimitOf(route),
    retriesCut: route !== undefined && retriesCut(route),
    retriesConnecting: route !== undefined && retriesConnecting(route),
    connectTimeout: connectTimeoutOf(scenario, route),
    retriesAnswer: (answer) => route !== undefined && retriesAnswer(route, answer),
  }
  return { upstream, tryPolicy, tries: triesAt(upstream, tryPolicy, 0) }
}

function connectTimeoutOf({ envoy }: Scenario, route: Route | undefined): number {
  const policy = route !== undefined && Object.hasOwn(envoy.clusters, route.cluster) ? envoy.clusters[route.cluster] : undefined
  return policy?.connect_timeout ?? DEFAULT_CONNECT_TIMEOUT_MS
}

/** The tables of service times of all upstreams: the same in every phase. */
export function servicesOf(plan: Plan): Map<string, readonly Chance[]> {
  return new Map(plan.stubs.servers.filter(({ replica }) => replica === 1).map(({ cluster, latency }) => [cluster, serviceTimes(latency)]))
}

/** No route leads there: Envoy answers by itself. */
const nowhere = (grpc: boolean): Upstream => ({ groups: [], service: [], answer: answerOf(toldOf(grpc, 404)), grpc, bodyBytes: 0 })

/** RANDOM pays no heed to weights (test/integration/policy-balancing.test.ts). */
const weightOf = (policy: Scenario['envoy']['clusters'][string] | undefined, replica: number) =>
  policy?.lb_policy === 'RANDOM' ? 1 : (policy?.load_balancing_weight?.[String(replica)] ?? 1)

/** A gRPC call that went well, or failed, says so in a 200; any other status is one of HTTP to it, too. */
function servedOf(grpc: boolean, { status, headers, grpc_status = GRPC.OK }: NonNullable<Respond>): Answer {
  if (!grpc || status !== 200) return { status, headers }
  const answer = answerOf(grpc_status)
  return { ...answer, headers: { ...headers, ...answer.headers } }
}

type Respond = Scenario['upstreams'][string]['respond']

function upstreamOf(
  scenario: Scenario,
  cluster: string | undefined,
  grpc: boolean,
  met: readonly PlannedFault[],
  services: ReadonlyMap<string, readonly Chance[]>,
): Upstream {
  const spec = cluster !== undefined && Object.hasOwn(scenario.upstreams, cluster) ? scenario.upstreams[cluster] : undefined
  if (cluster === undefined || spec?.respond === undefined) return nowhere(grpc)
  const policy = Object.hasOwn(scenario.envoy.clusters, cluster) ? scenario.envoy.clusters[cluster] : undefined
  const behind = met.filter(({ at }) => at === 'upstream')
  const groups = new Map<string, { share: number; faults: readonly PlannedFault[] }>()
  const weights = Array.from({ length: spec.replicas }, (_, i) => weightOf(policy, i + 1))
  const whole = weights.reduce((sum, weight) => sum + weight, 0)
  for (const [i, weight] of weights.entries()) {
    const faults = behind.filter(({ replicas }) => replicas.includes(i + 1))
    const key = faults.map(({ id }) => id).join()
    groups.set(key, { share: (groups.get(key)?.share ?? 0) + weight / whole, faults })
  }
  return {
    groups: [...groups.values()],
    service: services.get(cluster) ?? [],
    answer: servedOf(grpc, spec.respond),
    grpc,
    bodyBytes: Buffer.byteLength(stubBody(spec.respond)),
  }
}
