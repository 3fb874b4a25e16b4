import type { Observations, Stall } from '../observe/observations.ts'
import type { RequestRecord } from '../observe/record.ts'
import type { Records } from '../observe/records.ts'

/**
 * Without the requests that were in flight while the load generator, Envoy or a stub stood still, or until what had piled up
 * was gone: what is cut, refused, tried again or slow then is the machine's doing as much as the policy's.
 */
export function calmOf(records: Records, { phases }: Pick<Observations, 'phases'>): Records {
  const stalls = phases.flatMap((phase) => phase.stalls)
  return records.filter((record) => !stalls.some((stall) => overlaps(record, stall)))
}

function overlaps(record: RequestRecord, { from, until }: Stall): boolean {
  return record.due <= until && endOf(record) >= from
}

/** Envoy's caller hears so much later of an answer that broke off (delayed_close_timeout). */
const HEARD_WITHIN_MS = 1000

/** Of a request without a whole answer: when Envoy itself had ended all that was made of it, where it says so. */
function endOf({ end, joined, calls }: RequestRecord): number {
  if (end !== null) return end
  const isEnded = joined && calls.length > 0 && calls.every(({ egress: { details } }) => details !== null && details !== 'via_upstream')
  return isEnded ? Math.max(...calls.map(({ egress }) => egress.start + egress.durationMs)) + HEARD_WITHIN_MS : Number.POSITIVE_INFINITY
}

export const STALLED = 'happened while the load generator, Envoy or a stub stood still for a moment'
