import { ASKING_HEADERS } from '../fault/asked.ts'
import { makingOf } from '../fault/registry.ts'
import { isLogged } from '../fault/when.ts'
import { faultName, isStraight, mayBeGrpc, type Plan, type PlannedFault } from '../plan/plan.ts'

/**
 * The access logs: one JSON object a line. Numbers are numbers, an absent value is null, absent flags are "-".
 * Keys are short words, since people read these files too.
 */

/**
 * Set by the router of the egress side, to a new id for each request that it takes: it tells the calls that an app makes
 * for one request apart, whatever the app does with `x-request-id` (which is what `%STREAM_ID%` would say).
 */
export const CALL_HEADER = 'x-chaos-call'
const CALL = `%REQ(${CALL_HEADER.toUpperCase()})%`

/** A request as the egress side saw it: what the caller got and why. */
export const egressLog = (path: string, plan: Plan, faults: readonly PlannedFault[]) => [
  fileLog(path, {
    call: CALL,
    id: '%REQ(X-REQUEST-ID)%',
    start: '%START_TIME(%s.%6f)%',
    us: '%COMMON_DURATION(DS_RX_BEG:DS_TX_END:us)%',
    ms: '%DURATION%',
    method: '%REQ(:METHOD)%',
    path: '%REQ(:PATH)%',
    authority: '%REQ(:AUTHORITY)%',
    status: '%RESPONSE_CODE%',
    ...ofGrpc(plan),
    flags: '%RESPONSE_FLAGS%',
    details: '%RESPONSE_CODE_DETAILS%',
    cluster: '%UPSTREAM_CLUSTER%',
    route: '%ROUTE_NAME%',
    host: '%UPSTREAM_HOST%',
    attempts: '%UPSTREAM_REQUEST_ATTEMPT_COUNT%',
    ...ofApp(plan),
    ...met(faults),
  }),
]

/** One attempt, written by the router: with retries there are several per request. */
export const attemptLog = (path: string, plan: Plan) => [
  fileLog(path, {
    call: CALL,
    id: '%REQ(X-REQUEST-ID)%',
    n: '%REQ(X-ENVOY-ATTEMPT-COUNT)%',
    start: '%START_TIME(%s.%6f)%',
    ms: '%DURATION%',
    status: '%RESPONSE_CODE%',
    ...ofGrpc(plan),
    flags: '%RESPONSE_FLAGS%',
    cluster: '%UPSTREAM_CLUSTER%',
    host: '%UPSTREAM_HOST%',
    replica: '%UPSTREAM_HOST_NAME%',
    pool: '%UPSTREAM_CONNECTION_POOL_READY_DURATION%',
    failure: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
  }),
]

/**
 * An attempt as the hop saw it: which faults it met there. A container keeps no journal, so in front of one the router of
 * the hop, which does not know of the faults, says when it sent what on.
 */
export const hopLog = (path: string, key: string, faults: readonly PlannedFault[], isContainer: boolean) => [
  fileLog(path, {
    call: CALL,
    id: '%REQ(X-REQUEST-ID)%',
    n: '%REQ(X-ENVOY-ATTEMPT-COUNT)%',
    hop: key,
    start: '%START_TIME(%s.%6f)%',
    ms: '%DURATION%',
    status: '%RESPONSE_CODE%',
    flags: '%RESPONSE_FLAGS%',
    ...(isContainer ? { sent: '%COMMON_DURATION(DS_RX_BEG:US_TX_BEG:us)%', host: '%UPSTREAM_HOST%' } : {}),
    ...met(faults),
  }),
]

/** Null for what Envoy does not take for a gRPC call. */
const ofGrpc = (plan: Plan) => (mayBeGrpc(plan) ? { grpc: '%GRPC_STATUS_NUMBER%' } : {})

/**
 * What only a call of an app is asked: for which request it was made, and what it has of that which faults and routes look at.
 * Secrets are not written down.
 */
function ofApp(plan: Plan): Record<string, unknown> {
  if (isStraight(plan)) return {}
  const own = plan.app?.idHeader
  const { routedBy } = plan.policy
  // Of several lines of one header Envoy logs the first; its matcher looks at each.
  const askedFor = new Set(plan.faults.flatMap(({ when }) => when.filter(isLogged).map(({ name }) => name)))
  return {
    traceparent: '%REQ(TRACEPARENT)%',
    asks: Object.fromEntries(ASKING_HEADERS.map((name) => [name, `%REQ(${name.toUpperCase()})%`])),
    ...(own === undefined ? {} : { own: `%REQ(${own.toUpperCase()})%` }),
    ...(askedFor.size === 0 ? {} : { carried: Object.fromEntries([...askedFor].map((name) => [name, `%REQ(${name.toUpperCase()})%`])) }),
    ...(routedBy.length === 0 ? {} : { routed: Object.fromEntries(routedBy.map((name) => [name, `%REQ(${name.toUpperCase()})%`])) }),
  }
}

/**
 * Faults of one listener share their counters; the metadata each filter leaves tells them apart, request by request. What
 * the stub makes is met by the route to it, which is chosen before any filter acts: it counts with a host to go to.
 */
function met(all: readonly PlannedFault[]): { faults?: Record<string, string>; route?: string; host?: string } {
  const faults = all.filter(({ action }) => makingOf(action).by === 'filter')
  return {
    ...(faults.length === 0
      ? {}
      : { faults: Object.fromEntries(faults.map((fault) => [fault.id, `%DYNAMIC_METADATA(${faultName(fault)})%`])) }),
    ...(faults.length === all.length ? {} : { route: '%ROUTE_NAME%', host: '%UPSTREAM_HOST%' }),
  }
}

function fileLog(path: string, format: Record<string, unknown>) {
  return {
    name: 'envoy.access_loggers.file',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog',
      path,
      log_format: { json_format: format },
    },
  }
}
