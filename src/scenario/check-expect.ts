import { FAULT_KIND_NAMES } from '../fault/registry.ts'
import { listed, show } from '../value/show.ts'
import { type Fault, isToldOf, requestsThatMeet } from './check-faults.ts'
import { isContainer } from './containers.ts'
import type { Expectation } from './expect-schema.ts'
import type { Finding } from './finding.ts'
import { type Given, isSentTo } from './given-schema.ts'
import { goesStraight, hasHeaders, isGrpcKind, mayReach, methodAndPath, nameOf, type RequestKind, requestsOf, routesOf } from './routing.ts'
import type { DocumentPath } from './scenario.ts'
import type { ScenarioDocument } from './schema.ts'
import { AT_INGRESS } from './timeouts.ts'

/** Claims that could never hold, that nothing could ever be seen of, or that would pass for the wrong reason. */
export function expectationFindings(scenario: ScenarioDocument): Finding[] {
  return scenario.expect.flatMap((claim, index) => {
    // An unknown phase is names.ts's finding; here it would only cause echoes.
    if (claim.phase !== undefined && !scenario.phases.some((phase) => phase.name === claim.phase)) return []
    return [noRequests, noBody, wrongStatus, noFault, misplaced, noWorkers, noRecovery].flatMap((check) =>
      check(scenario, claim).map((found): Finding => ({ ...found, path: ['expect', index, ...found.path] })),
    )
  })
}

type Phase = ScenarioDocument['phases'][number]

const phasesOf = (scenario: ScenarioDocument, claim: Expectation): Phase[] =>
  scenario.phases.filter((phase) => claim.phase === undefined || phase.name === claim.phase)

/** `in phase "x"`, or what stands for it in a claim on the whole run. */
const where = (claim: Expectation) => (claim.phase === undefined ? 'in any phase' : `in phase ${show(claim.phase)}`)

/** The filters of a claim on the load, in order. */
function filters(
  scenario: ScenarioDocument,
  claim: Expectation,
): { path: DocumentPath; text: string; keeps: (request: RequestKind) => boolean }[] {
  const { request, cluster, given } = claim
  const found: ReturnType<typeof filters> = []
  if (request !== undefined) found.push({ path: ['request'], text: `is called ${show(request)}`, keeps: ({ name }) => name === request })
  if (cluster !== undefined && goesStraight(scenario) && routesOf(scenario).length > 0)
    found.push({ path: ['cluster'], text: `is routed to ${show(cluster)}`, keeps: (kind) => mayReach(scenario, kind, cluster) })
  if (given?.header !== undefined) {
    const header = given.header
    found.push({
      path: ['given', 'header'],
      text: `has ${Object.entries(header)
        .map(([name, value]) => `${name}: ${value}`)
        .join(', ')}`,
      keeps: (kind) => hasHeaders(kind, header),
    })
  }
  if (given?.path !== undefined) {
    const path = given.path
    found.push({ path: ['given', 'path'], text: `is sent to ${pathText(path)}`, keeps: (kind) => isSentTo(path, methodAndPath(kind).path) })
  }
  return found
}

function pathText(path: NonNullable<Given['path']>): string {
  if (typeof path === 'string') return path
  return path.prefix === undefined ? `a path that matches ${show(path.matches)}` : `a path that begins with ${path.prefix}`
}

/** The kinds of request that a claim may be about. */
export const concerned = (scenario: ScenarioDocument, claim: Expectation) =>
  requestsOf(scenario).filter((request) => filters(scenario, claim).every(({ keeps }) => keeps(request)))

function noRequests(scenario: ScenarioDocument, claim: Expectation): Finding[] {
  const known =
    (claim.cluster === undefined || Object.hasOwn(scenario.upstreams, claim.cluster)) &&
    (claim.request === undefined || requestsOf(scenario).some(({ name }) => name === claim.request))
  if (!known) return []
  let left = requestsOf(scenario)
  const asked: string[] = []
  for (const { path, text, keeps } of filters(scenario, claim)) {
    asked.push(text)
    left = left.filter(keeps)
    if (left.length === 0)
      return [
        {
          path,
          message: `nothing could be seen of this claim: no request of the load ${listed(asked, 'and')}`,
          hint: 'correct the claim, or add such a request to load.requests',
        },
      ]
  }
  return []
}

/** An answer to HEAD has no body, whatever it says of it. */
function noBody(scenario: ScenarioDocument, claim: Expectation): Finding[] {
  const requests = concerned(scenario, claim)
  if (claim.body === undefined || requests.length === 0 || requests.some((request) => methodAndPath(request).method !== 'HEAD')) return []
  return [
    {
      path: ['body'],
      at: 'key',
      message: 'says nothing of these requests: an answer to HEAD has no body',
      hint: 'claim status or headers, or send GET',
    },
  ]
}

/** The HTTP status of a gRPC call is 200 also where it failed; other requests have no status but that. */
function wrongStatus(scenario: ScenarioDocument, claim: Expectation): Finding[] {
  const requests = concerned(scenario, claim)
  const grpc = goesStraight(scenario) ? requests.filter(isGrpcKind) : []
  const refuse = (metric: 'status' | 'grpc_status', request: RequestKind | undefined, message: string, hint: string): Finding[] =>
    claim[metric] === undefined || request === undefined
      ? []
      : [{ path: [metric], at: 'key', message: message.replace('it', show(nameOf(request))), hint }]
  return [
    ...refuse('status', grpc[0], 'says nothing of it: a gRPC call has the HTTP status 200 also where it fails', 'claim grpc_status'),
    ...refuse(
      'grpc_status',
      requests.find((request) => !grpc.includes(request)),
      'says nothing of it, which is no gRPC call of the load',
      'claim status, or name a request that is sent with content-type: application/grpc',
    ),
  ]
}

/** The faults of these phases that a request of the claim may meet; one that is wrong itself may be any. */
function faultsFor(scenario: ScenarioDocument, claim: Expectation, phases: Phase[]): Fault[] {
  const requests = concerned(scenario, claim)
  return phases
    .flatMap((phase) => phase.faults)
    .filter(
      (fault) =>
        isToldOf(scenario, fault) ||
        ((claim.cluster === undefined || fault.cluster === claim.cluster) &&
          requestsThatMeet(scenario, fault).some((request) => requests.includes(request))),
    )
}

const isOfKind = (fault: Fault, kind: string | undefined) =>
  kind === undefined || kind === 'any' || kind === 'none' || fault[kind as keyof Fault] !== undefined

function noFault(scenario: ScenarioDocument, claim: Expectation): Finding[] {
  if (concerned(scenario, claim).length === 0) return []
  const kind = claim.given?.fault
  const faults = faultsFor(scenario, claim, phasesOf(scenario, claim))
  const hint = `add the fault, or name a phase that has it; the kinds are ${listed(FAULT_KIND_NAMES, 'and')}`
  if (kind !== undefined && kind !== 'none' && !faults.some((fault) => isOfKind(fault, kind))) {
    return [
      {
        path: ['given', 'fault'],
        message: `this claim could never hold: ${where(claim)}, no request of it can meet ${kind === 'any' ? 'a fault' : `a fault of kind ${kind}`}`,
        hint,
      },
    ]
  }
  if (claim.fault_share !== undefined && faults.length === 0) {
    return [{ path: ['fault_share'], message: `this claim could never hold: ${where(claim)}, no request of it can meet a fault`, hint }]
  }
  return []
}

/** What only happens behind the router. */
const POLICY_METRICS = [
  'attempts',
  'attempts_per_request',
  'retry_amplification',
  'retries',
  'retries_suppressed',
  'timeouts',
  'breaker_rejections',
  'spare_rejections',
  'ejections',
] as const

const POLICY_EVENTS = ['timeout', 'rejection', 'retried', 'suppressed', 'ejection', 'attempts'] as const

function seesIngress({ timeouts }: Expectation, metric: (typeof POLICY_METRICS)[number]): boolean {
  return (
    metric === 'timeouts' &&
    timeouts !== undefined &&
    !('op' in timeouts) &&
    Object.keys(timeouts).every((by) => (AT_INGRESS as readonly string[]).includes(by))
  )
}

/**
 * The mistake that makes fault tests worthless: a fault before the router, and claims on the policy behind it.
 * @see test/integration/faults.test.ts
 */
function misplaced(scenario: ScenarioDocument, claim: Expectation): Finding[] {
  if (!goesStraight(scenario)) return []
  const kind = claim.given?.fault
  const everywhere = phasesOf(scenario, claim).every((phase) => {
    const faults = faultsFor(scenario, claim, [phase]).filter((fault) => isOfKind(fault, kind))
    return faults.length > 0 && faults.every((fault) => fault.at === 'ingress')
  })
  if (!everywhere) return []
  const claimed: DocumentPath[] = POLICY_METRICS.filter((metric) => claim[metric] !== undefined && !seesIngress(claim, metric)).map(
    (metric) => [metric],
  )
  for (const event of POLICY_EVENTS) {
    const asked = claim.given?.[event]
    if (![undefined, 'none', false, ...AT_INGRESS].includes(asked as string)) claimed.push(['given', event])
  }
  return claimed.map((path) => ({
    path,
    at: 'key',
    message: `${path.join('.')} says nothing over a fault at: ingress: its filter sits before the router, so no timeout, retry or breaker of Envoy sees it`,
    hint: 'make the fault at: upstream, or claim status and latency only',
  }))
}

/** Where nothing limits the work, each refusal is spare. */
function noWorkers(scenario: ScenarioDocument, claim: Expectation): Finding[] {
  if (claim.spare_rejections === undefined) return []
  const reached = goesStraight(scenario)
    ? Object.keys(scenario.upstreams).filter((cluster) =>
        concerned(scenario, claim).some((request) => mayReach(scenario, request, cluster)),
      )
    : Object.keys(scenario.upstreams)
  const unlimited = reached.filter(
    (cluster) => (claim.cluster === undefined || claim.cluster === cluster) && scenario.upstreams[cluster]?.workers === undefined,
  )
  if (unlimited.length === 0) return []
  const containers = unlimited.filter((cluster) => isContainer(scenario.upstreams[cluster] ?? {}))
  if (containers.length > 0)
    return [
      {
        path: ['spare_rejections'],
        at: 'key',
        message: `cannot be told of ${listed(containers, 'and')}: whether a container has something to spare is not known`,
        hint: 'claim breaker_rejections, or name the cluster of a stub',
      },
    ]
  return [
    {
      path: ['spare_rejections'],
      at: 'key',
      message: `needs workers of ${listed(unlimited, 'and')}: without a limit of workers every rejection is spare`,
      hint: `set ${listed(
        unlimited.map((cluster) => `upstreams.${cluster}.workers`),
        'and',
      )}, or claim breaker_rejections`,
    },
  ]
}

function noRecovery(scenario: ScenarioDocument, claim: Expectation): Finding[] {
  if (claim.recovers_within === undefined) return []
  const { phases } = scenario
  const refuse = (message: string, hint: string): Finding[] => [{ path: ['recovers_within'], message, hint }]
  const index = phases.findIndex((phase) => phase.name === claim.phase)
  const before = phases[index - 1]
  const baseline = phases.findIndex((phase) => phase.faults.length === 0)
  if (claim.phase === undefined)
    return refuse('needs to know its phase: it counts from the start of that', 'add phase: the one right after the fault')
  if ((phases[index]?.faults.length ?? 0) > 0)
    return refuse(
      'needs a phase without faults: nothing recovers while they last',
      'add a phase without faults after this one, and name that',
    )
  if (before === undefined || before.faults.length === 0)
    return refuse(
      'needs a phase with faults right before this one: there is nothing to recover from',
      'name the phase right after the fault',
    )
  if (concerned(scenario, claim).length > 0 && faultsFor(scenario, claim, [before]).length === 0)
    return refuse(
      `needs a fault to recover from: no request of this claim can meet one in phase ${show(before.name)}`,
      'claim it of the requests that the fault hurts',
    )
  if (baseline === index)
    return refuse('needs a baseline to return to: the first phase without faults is this one', 'begin with a phase without faults')
  return []
}
