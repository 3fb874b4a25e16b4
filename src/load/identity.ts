import { isStraight, type Plan } from '../plan/plan.ts'
import { requestId, requestIndex } from './client-log.ts'

/** What a call says of the request that it was made for: the headers that an app may have handed on. */
export interface Claimed {
  /** `x-request-id`; where none came, one that Envoy made. */
  id: string | null
  traceparent?: string | null
  /** The header that `app.id_header` names. */
  own?: string | null
}

/** The headers by which the i-th request can be known again, on whatever way. A traceparent of the scenario's own stays. */
export function identify(plan: Plan, index: number, headers: Readonly<Record<string, string>>): Record<string, string> {
  const id = requestId(index)
  if (isStraight(plan)) return { ...headers, 'x-request-id': id }
  const own = plan.app?.idHeader
  return { traceparent: traceOf(index), ...headers, 'x-request-id': id, ...(own === undefined ? {} : { [own]: id }) }
}

/** The id of the request that a call was made for, as far as it says so. */
export function claimedId({ id, traceparent, own }: Claimed): string | null {
  const candidates = [own, id, idOfTrace(traceparent ?? '')]
  return candidates.find((candidate) => candidate !== null && candidate !== undefined && requestIndex(candidate) >= 0) ?? id
}

/** So that no trace that an app begins by itself is taken for one of ours. */
const TRACE = 'c4a05c4a05c4a05c'

/**
 * Version, trace, parent, flags. Not sampled: tracing of the app hands it on all the same, and exports nothing.
 * @see W3C Trace Context
 */
function traceOf(index: number): string {
  const hex = (index + 1).toString(16).padStart(16, '0')
  return `00-${TRACE}${hex}-${hex}-00`
}

function idOfTrace(traceparent: string): string | null {
  const hex = new RegExp(`^00-${TRACE}([0-9a-f]{16})-`).exec(traceparent)?.[1]
  return hex === undefined ? null : requestId(Number.parseInt(hex, 16) - 1)
}
