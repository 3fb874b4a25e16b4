import { indexOfTrace, markedId, markedTrace } from '../plan/marks.ts'
import { isStraight, type Plan } from '../plan/plan.ts'
import { requestId, requestIndex } from './client-log.ts'
import type { Mark } from './mark.ts'

/** What a call says of the request that it was made for: the headers that an app may have handed on. */
export interface Claimed {
  /** `x-request-id`; where none came, one that Envoy made. */
  id: string | null
  traceparent?: string | null
  /** The header that `app.id_header` names. */
  own?: string | null
}

/**
 * The headers by which the i-th request can be known again, on whatever way. A traceparent of the scenario's own stays.
 * @param mark - left out where it was chosen for no fault
 */
export function identify(plan: Plan, index: number, headers: Readonly<Record<string, string>>, mark?: Mark): Record<string, string> {
  if (isStraight(plan)) return { ...headers, ...mark?.headers, 'x-request-id': requestId(index) }
  const bits = mark?.bits ?? 0
  const id = markedId(requestId(index), bits)
  const own = plan.app?.idHeader
  return { traceparent: traceOf(index, bits), ...headers, 'x-request-id': id, ...(own === undefined ? {} : { [own]: id }) }
}

/** The id of the request that a call was made for, as far as it says so, without its marks. */
export function claimedId({ id, traceparent, own }: Claimed): string | null {
  const indices = [own, id].map((candidate) => requestIndex(candidate ?? ''))
  const index = [...indices, indexOfTrace(traceparent ?? '') ?? -1].find((candidate) => candidate >= 0)
  return index === undefined ? id : requestId(index)
}

/**
 * Version, trace, parent, flags. Not sampled: tracing of the app hands it on all the same, and exports nothing.
 * @see W3C Trace Context
 */
const traceOf = (index: number, marks: number) => `00-${markedTrace(index, marks)}-${(index + 1).toString(16).padStart(16, '0')}-00`
