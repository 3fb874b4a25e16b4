import { longestOf } from '../fault/law.ts'
import { actionOf, describeAction, effectOf, isRouted as isRoutedAction, isTied, leastBody, makingOf } from '../fault/registry.ts'
import { describeTest, fulfils, METHOD, PATH, type RequestTest } from '../fault/when.ts'
import { formatMs } from '../units.ts'
import { GRPC } from '../value/grpc-status.ts'
import { plural, show } from '../value/show.ts'
import { doorFindings, outlasting } from './check-doors.ts'
import { isContainer } from './containers.ts'
import { testsOfFault } from './fault-tests.ts'
import type { Finding } from './finding.ts'
import { whyNotAskedFor } from './header-rules.ts'
import { DEFAULT_DEADLINE_MS, MOST_CHOOSING, PATIENCE_MS } from './limits.ts'
import { limitOn, triesOf } from './policy.ts'
import { goesStraight, hadBy, isGrpcKind, mayReach, nameOf, type RequestKind, requestsOf, routeFor, routesOf } from './routing.ts'
import type { ScenarioDocument } from './schema.ts'
import { stubBody } from './stub-body.ts'
import { AT_INGRESS } from './timeouts.ts'
import { whoMeetsBoth } from './who-meets-both.ts'

export type Fault = ScenarioDocument['phases'][number]['faults'][number]

/** Faults that could never fire. */
export const faultFindings = (scenario: ScenarioDocument): Finding[] =>
  ofFaults(scenario, (fault, earlier) => {
    const found = [
      ...replica(scenario, fault),
      ...doorFindings(scenario, fault, earlier),
      ...undecided(fault),
      ...withoutStub(scenario, fault),
      ...withoutBody(scenario, fault),
      ...withoutGrpc(scenario, fault),
      ...oneDraw(scenario, fault, earlier),
      ...withoutLength(scenario, fault),
      ...behindRoute(fault, earlier),
    ]
    return found.length > 0 ? found : [...reach(scenario, fault), ...tries(scenario, fault), ...choice(scenario, fault)]
  })

/** Faults whose effect nobody would wait for, and those that would outlast their phase. */
export const lengthFindings = (scenario: ScenarioDocument): Finding[] =>
  ofFaults(scenario, (fault, _, phase) => [...patience(scenario, fault), ...outlasting(scenario, fault, phase)])

type Phase = ScenarioDocument['phases'][number]

function ofFaults({ phases }: ScenarioDocument, check: (fault: Fault, earlier: readonly Fault[], phase: Phase) => Finding[]): Finding[] {
  return phases.flatMap((phase, i) =>
    phase.faults.flatMap((fault, j) =>
      check(fault, phase.faults.slice(0, j), phase).map(
        (found): Finding => ({ ...found, path: ['phases', i, 'faults', j, ...found.path] }),
      ),
    ),
  )
}

/**
 * The kinds of request that may meet the fault. Where the load does not go to Envoy itself, those are not known, but for what
 * is chosen from among them.
 */
export function requestsThatMeet(scenario: ScenarioDocument, fault: Fault): readonly RequestKind[] {
  const requests = routedTo(scenario, fault)
  if (!goesStraight(scenario) && keyOfChoice(fault) === undefined) return requests
  return requests.filter((request) => fulfils(hadBy(request), testsOfFault(fault)))
}

/** All, where an app decides which clusters it calls. */
const routedTo = (scenario: ScenarioDocument, fault: Fault) =>
  requestsOf(scenario).filter((request) => !goesStraight(scenario) || mayReach(scenario, request, fault.cluster))

/** Whether the fault itself is told of: what is said of claims on it would only echo that. */
export function isToldOf(scenario: ScenarioDocument, fault: Fault): boolean {
  return !Object.hasOwn(scenario.upstreams, fault.cluster) || requestsThatMeet(scenario, fault).length === 0
}

function replica({ upstreams }: ScenarioDocument, fault: Fault): Finding[] {
  const replicas = Object.hasOwn(upstreams, fault.cluster) ? upstreams[fault.cluster]?.replicas : undefined
  if (replicas === undefined) return []
  const { unreachable = [] } = upstreams[fault.cluster] ?? {}
  const meant = fault.replica === undefined ? Array.from({ length: replicas }, (_, i) => i + 1) : [fault.replica]
  if (fault.at === 'upstream' && meant.every((number) => unreachable.includes(number)))
    return [
      {
        path: [fault.replica === undefined ? 'cluster' : 'replica'],
        message: `the fault could never fire: ${fault.replica === undefined ? `every replica of ${fault.cluster}` : `replica ${fault.replica}`} is unreachable`,
        hint: 'name a replica that takes connections',
      },
    ]
  if (fault.replica === undefined || fault.replica <= replicas) return []
  return [
    {
      path: ['replica'],
      message: `there is no replica ${fault.replica}: ${fault.cluster} has ${plural(replicas, 'replica')}`,
      hint: 'replicas count from 1; upstreams says how many there are',
    },
  ]
}

function reach(scenario: ScenarioDocument, fault: Fault): Finding[] {
  const isRouted = !goesStraight(scenario) || routesOf(scenario).length > 0
  if (!Object.hasOwn(scenario.upstreams, fault.cluster) || !isRouted || requestsThatMeet(scenario, fault).length > 0) return []
  const routed = routedTo(scenario, fault)
  if (routed.length === 0)
    return [
      {
        path: ['cluster'],
        message: `the fault could never fire: no request of the load is routed to ${show(fault.cluster)}`,
        hint: 'add such a request to load.requests',
      },
    ]
  const tests = testsOfFault(fault)
  // What none of them has is told alone.
  const lacking = tests.find((test) => !routed.some((request) => fulfils(hadBy(request), [test])))
  const wanted = (lacking === undefined ? tests : [lacking]).map((test) => describeTest(test))
  return [
    {
      path: lacking === undefined ? [fault.when === undefined ? 'by' : 'when'] : placeOf(fault, lacking),
      message: `the fault could never fire: no request of the load${goesStraight(scenario) ? ` that goes to ${fault.cluster}` : ''} has ${wanted.join(', ')}`,
      hint: 'add such a request to load.requests',
    },
  ]
}

/** A try that no policy makes. */
function tries(scenario: ScenarioDocument, fault: Fault): Finding[] {
  const attempt = fault.when?.attempt
  const routes = requestsThatMeet(scenario, fault).map((request) => routeFor(scenario, request))
  if (attempt === undefined || !goesStraight(scenario) || !routes.every((route) => route !== undefined) || routes.length === 0) return []
  const most = Math.max(...routes.map(triesOf))
  if (most >= attempt.from) return []
  const allowed = most === 1 ? 'without retries there is 1 attempt at most' : `num_retries allows ${plural(most, 'attempt')} at most`
  return [
    {
      path: ['when', 'attempt'],
      message: `the fault could never fire: ${allowed}`,
      hint: 'give the route more retries, or name an earlier attempt',
    },
  ]
}

/** What asks that requests are chosen before the run; undefined where Envoy draws. */
function keyOfChoice({ every, first, mode }: Fault): 'every' | 'first' | 'mode' | undefined {
  return every !== undefined ? 'every' : first !== undefined ? 'first' : mode === 'exact' ? 'mode' : undefined
}

/** Requests can be chosen where they are known before the run. */
function choice(scenario: ScenarioDocument, fault: Fault): Finding[] {
  const key = keyOfChoice(fault)
  if (key === undefined) return []
  const name = key === 'mode' ? 'mode: exact' : key
  const refuse = (path: Finding['path'], why: string, hint: string): Finding[] => [
    { path, message: `${name} cannot be kept: ${why}`, hint },
  ]
  const { phases, load } = scenario
  const choosing = phases.flatMap(({ faults }) => faults.filter((other) => keyOfChoice(other) !== undefined))
  if (!goesStraight(scenario) && choosing.indexOf(fault) >= MOST_CHOOSING)
    return refuse(
      [key],
      `an id has marks for ${MOST_CHOOSING} faults that choose their requests, where the load does not go to Envoy itself`,
      'use percent, or another scenario',
    )
  if (load.connections !== undefined && scenario.app?.run === undefined)
    return refuse([key], 'which requests a closed loop will send is not known before the run', 'use percent, or an open loop (load.rate)')
  if (fault.replica !== undefined)
    return refuse(['replica'], 'which replica a request will go to is not known before the run', 'leave replica out, or use percent')
  if ((fault.when?.attempt?.from ?? 1) > 1)
    return refuse(
      ['when', 'attempt'],
      'which requests will be tried again is not known before the run',
      'name the first attempt, or use percent',
    )
  return []
}

/** Where a test stands in its fault. */
function placeOf({ when }: Fault, { name }: RequestTest): Finding['path'] {
  if (name === PATH || name === METHOD) return ['when', name === PATH ? 'path' : 'method']
  return when?.header?.[name] === undefined ? ['by'] : ['when', 'header', name]
}

/** Headers that no load decides on: every request has them, or none comes with them to where the fault is made. */
function undecided(fault: Fault): Finding[] {
  return testsOfFault(fault).flatMap((test): Finding[] => {
    const reason = test.op === 'exact' ? undefined : whyNotAskedFor(test.name)
    if (reason === undefined) return []
    return [
      {
        path: placeOf(fault, test),
        message: `this condition tells no requests apart: ${reason}`,
        hint: 'ask for a header that some requests of the load have',
      },
    ]
  })
}

/** Met by a route of the hop, and not by a filter that draws for itself. */
const isRouted = (fault: Fault) => {
  const action = actionOf(fault)
  return action !== undefined && isRoutedAction(action)
}

function withoutStub({ upstreams }: ScenarioDocument, fault: Fault): Finding[] {
  const upstream = Object.hasOwn(upstreams, fault.cluster) ? upstreams[fault.cluster] : undefined
  const action = actionOf(fault)
  if (upstream === undefined || action === undefined || !isContainer(upstream) || !isRouted(fault) || makingOf(action).by === 'filter')
    return []
  const { kind } = action
  return [
    {
      path: [kind],
      at: 'key',
      message:
        makingOf(action).by === 'stub'
          ? `${kind} is made by the stub of an upstream, and ${fault.cluster} is a container: it does what it does`
          : `${kind} is proved by what the stub says of its answers, and ${fault.cluster} is a container, which says nothing`,
      hint: 'a fixed delay and abort are made by Envoy, in front of a container too',
    },
  ]
}

/** Statuses whose answers have no body, whatever is set. */
const BODILESS = [204, 304]

/** A fault of the body takes a body. */
function withoutBody(scenario: ScenarioDocument, fault: Fault): Finding[] {
  const { upstreams } = scenario
  const respond = Object.hasOwn(upstreams, fault.cluster) ? upstreams[fault.cluster]?.respond : undefined
  const action = actionOf(fault)
  const least = action === undefined ? 0 : leastBody(action)
  if (respond === undefined || action === undefined || least === 0) return []
  const finding = (why: string, hint: string): Finding[] => [
    {
      path: [action.kind],
      at: 'key',
      message: `${describeAction(action)} takes an answer with a body of at least ${plural(least, 'byte')}, and ${why}`,
      hint,
    },
  ]
  const bytes = BODILESS.includes(respond.status) ? 0 : Buffer.byteLength(stubBody(respond))
  if (bytes < least)
    return finding(
      `the stub of ${fault.cluster} answers with ${bytes === 0 ? 'none' : bytes}`,
      `set upstreams.${fault.cluster}.respond: { body: … } or { json: … }`,
    )
  const failing = respond.grpc_status !== undefined && respond.grpc_status !== GRPC.OK && goesStraight(scenario)
  if (failing && requestsThatMeet(scenario, fault).some(isGrpcKind))
    return finding(
      `a gRPC call that the stub of ${fault.cluster} lets fail is answered by headers alone`,
      `leave upstreams.${fault.cluster}.respond.grpc_status out, or let when leave such requests out`,
    )
  const head = goesStraight(scenario) ? requestsThatMeet(scenario, fault).find(({ HEAD }) => HEAD !== undefined) : undefined
  return head === undefined ? [] : finding('the answer to HEAD has none', 'let when leave such requests out')
}

/** What is no gRPC call gets a plain 200 from it, which no caller takes for a failure. */
function withoutGrpc(scenario: ScenarioDocument, fault: Fault): Finding[] {
  if (typeof fault.abort !== 'object' || !goesStraight(scenario)) return []
  const other = requestsThatMeet(scenario, fault).find((request) => !isGrpcKind(request))
  if (other === undefined) return []
  return [
    {
      path: ['abort', 'grpc_status'],
      at: 'key',
      message: `${show(nameOf(other))} may meet it, which is no gRPC call: Envoy would answer it with a plain 200, and that is a success to every caller`,
      hint: 'send it as POST with content-type: application/grpc, let when leave it out, or abort with an HTTP status',
    },
  ]
}

/** Envoy draws once for all faults that are met by route: the shares of two must add up in one way for all whom they may meet. */
function oneDraw(scenario: ScenarioDocument, fault: Fault, earlier: readonly Fault[]): Finding[] {
  if (!isRouted(fault) || fault.percent === 100 || keyOfChoice(fault) !== undefined) return []
  const own = reachOf(scenario, fault)
  const rival = earlier.find(
    (other) =>
      other.cluster === fault.cluster &&
      isRouted(other) &&
      keyOfChoice(other) === undefined &&
      other.percent < 100 &&
      whoMeetsBoth(own, reachOf(scenario, other)) === 'some',
  )
  if (rival === undefined) return []
  return [
    {
      path: ['percent'],
      message: `cannot be kept: Envoy draws once for ${actionOf(fault)?.kind} and the ${actionOf(rival)?.kind} before it, and only some of those that may meet this one may meet that, too`,
      hint: 'give both the same when and replica, or ones that exclude each other, or put them into phases of their own',
    },
  ]
}

/**
 * Of those that took the route of an earlier fault and were aborted by a filter, the log does not say so: they would count as
 * chances of a later delay with an abort, which they never had.
 */
function behindRoute(fault: Fault, earlier: readonly Fault[]): Finding[] {
  const action = actionOf(fault)
  if (action === undefined || !isTied(action)) return []
  const first = earlier
    .flatMap((other) => (other.cluster === fault.cluster && isRouted(other) ? (actionOf(other) ?? []) : []))
    .find((other) => !isTied(other))
  if (first === undefined) return []
  return [
    {
      path: ['abort'],
      at: 'key',
      message: `a delay with an abort acts before ${first.kind}, which is made behind the filters of the hop`,
      hint: `write it before ${first.kind}, in whose way it is`,
    },
  ]
}

/** A ramp goes by time, and a phase of runs has none. */
function withoutLength({ app }: ScenarioDocument, { ramp }: Fault): Finding[] {
  if (ramp === undefined || app?.run === undefined) return []
  return [
    {
      path: ['percent'],
      message: 'a ramp goes through the time of its phase, and a phase of runs has no length that is known before',
      hint: 'give one percentage, and phases for several',
    },
  ]
}

function reachOf({ upstreams }: ScenarioDocument, fault: Fault) {
  const replicas = Object.hasOwn(upstreams, fault.cluster) ? (upstreams[fault.cluster]?.replicas ?? 1) : 1
  return {
    replicas: fault.replica === undefined ? Array.from({ length: replicas }, (_, i) => i + 1) : [fault.replica],
    when: testsOfFault(fault),
    attempts: fault.when?.attempt ?? null,
  }
}

/** A client that gives up sees no answer at all, whatever the policy would have made of the fault. */
function patience(scenario: ScenarioDocument, fault: Fault): Finding[] {
  const action = actionOf(fault)
  const held = holdOf(fault)
  if (action === undefined || held === 0 || !goesStraight(scenario)) return []
  const waits = (scenario.load.deadline ?? DEFAULT_DEADLINE_MS) + PATIENCE_MS
  const longest = Math.max(0, ...requestsThatMeet(scenario, fault).map((request) => heldFor(scenario, fault, request)))
  if (longest <= waits) return []
  const reason = `the client gives up after ${formatMs(waits)} (load.deadline and ${formatMs(PATIENCE_MS)}), and no ${fault.at === 'ingress' ? 'limit that sees a fault at: ingress' : 'timeout of the route'} comes before that`
  return [
    {
      path: ['delay'],
      message: `the delay of ${formatMs(held)} outlasts the client: ${reason}`,
      hint: 'shorten the delay, or raise load.deadline',
    },
  ]
}

/** The limits that run while a delay behind the router holds a whole request up. */
const AT_UPSTREAM = ['route', 'per_try', 'per_try_idle', 'idle', 'max_stream_duration'] as const

/** How long one try is held by the delay before a limit of the route cuts it off. */
function heldFor(scenario: ScenarioDocument, fault: Fault, request: RequestKind): number {
  const route = routeFor(scenario, request)
  if (route === undefined) return holdOf(fault)
  const running = fault.at === 'ingress' ? AT_INGRESS : AT_UPSTREAM
  const limits = running.map((by) => limitOn(route, by, scenario.envoy.http_connection_manager)).filter((limit) => limit > 0)
  return Math.min(holdOf(fault), ...limits)
}

/** The longest that a fault holds a request, in ms; 0: not at all. */
function holdOf(fault: Fault): number {
  const action = actionOf(fault)
  const effect = action && effectOf(action)
  if (effect?.does === 'answer') return effect.afterMs
  return effect?.does === 'hold' ? longestOf(effect.time) : 0
}
