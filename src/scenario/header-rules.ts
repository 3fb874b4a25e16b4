import { isGrpc } from '../value/grpc-status.ts'

/** Headers that a scenario cannot set, and why. */

const FRAMING = 'it belongs to the connection or to the framing of the message, which the client writes itself'
const STRIPPED = 'Envoy strips it in silence from callers that are not internal, so it would do nothing: set the policy under envoy.routes'

const FRAMING_NAMES = [
  'content-length',
  'transfer-encoding',
  'connection',
  'proxy-connection',
  'expect',
  'upgrade',
  'keep-alive',
  'te',
  'trailer',
  'http2-settings',
]

/**
 * Measured for rq-timeout-ms, rq-per-try-timeout-ms, retry-on and max-retries; the others are Envoy's same list
 * (`ConnectionManagerUtility::cleanInternalHeaders`).
 */
const STRIPPED_NAMES = [
  'x-envoy-upstream-rq-timeout-ms',
  'x-envoy-upstream-rq-per-try-timeout-ms',
  'x-envoy-upstream-rq-timeout-alt-response',
  'x-envoy-retry-on',
  'x-envoy-retry-grpc-on',
  'x-envoy-max-retries',
  'x-envoy-retriable-status-codes',
  'x-envoy-retriable-header-names',
  'x-envoy-hedge-on-per-try-timeout',
]

const OWNED: Record<string, string> = {
  'x-request-id': 'chaos sets it, to join what everyone saw of a request',
  'x-chaos-call': 'Envoy sets it, to tell the calls of an app apart',
  'x-envoy-attempt-count': 'Envoy writes it anew for each attempt',
}

const PERCENTAGE = 'the percent of a fault by: header counts in place of it, so it would do nothing'
/** Measured: with 10 in it, 66 of 66 attempts met an abort whose runtime key said 100, and 33 of 33 a delay. */
const PERCENTAGE_NAMES = ['x-envoy-fault-abort-request-percentage', 'x-envoy-fault-delay-request-percentage']

const RULES = new Map<string, { reason: string; byEnvoy: boolean }>([
  ...FRAMING_NAMES.map((name) => [name, { reason: FRAMING, byEnvoy: false }] as const),
  ...STRIPPED_NAMES.map((name) => [name, { reason: STRIPPED, byEnvoy: true }] as const),
  ...PERCENTAGE_NAMES.map((name) => [name, { reason: PERCENTAGE, byEnvoy: true }] as const),
  ...Object.entries(OWNED).map(([name, reason]) => [name, { reason, byEnvoy: name.startsWith('x-envoy-') }] as const),
])

const NOT_STRAIGHT =
  'a gRPC server takes HTTP/2 alone, and the load speaks HTTP/1.1, which only Envoy takes for gRPC: let the app make the gRPC calls'
const NOT_GRPC =
  'Envoy takes application/grpc and application/grpc+proto (or another format) for gRPC calls, exactly so; this would be no gRPC call to it'

/**
 * Why the load cannot send this header; undefined when it can.
 * @param straight - whether the load goes straight to Envoy, rather than to an app that may read what Envoy would strip
 */
export function whyNotSent(name: string, value: string, straight: boolean): string | undefined {
  if (name === 'content-type' && /^application\/grpc/i.test(value)) {
    if (!straight) return NOT_STRAIGHT
    if (!isGrpc(value)) return NOT_GRPC
  }
  if (name.startsWith('x-chaos-chosen-')) return 'chaos marks the requests with it that are chosen for a fault'
  const rule = RULES.get(name)
  return rule === undefined || (rule.byEnvoy && !straight) ? undefined : rule.reason
}

/** On their way to a fault every request gets them. */
const ADDED: Record<string, string> = {
  ...OWNED,
  host: 'the client writes it',
  'x-forwarded-proto': 'Envoy adds it',
  'x-envoy-expected-rq-timeout-ms': 'Envoy adds it',
}

/** Why a fault cannot look at whether a request has this header; undefined when it can. */
export function whyNotAskedFor(name: string): string | undefined {
  if (FRAMING_NAMES.includes(name)) return FRAMING
  return Object.hasOwn(ADDED, name) ? ADDED[name] : undefined
}

/** Why an upstream cannot answer with this header; undefined when it can. */
export function whyNotAnswered(name: string): string | undefined {
  return FRAMING_NAMES.includes(name) ? FRAMING.replace('client', 'stub') : undefined
}
