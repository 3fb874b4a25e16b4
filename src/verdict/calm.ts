import type { Observations, Stall } from '../observe/observations.ts'
import type { RequestRecord } from '../observe/record.ts'
import type { Records } from '../observe/records.ts'

/**
 * Without the requests that were in flight while the load generator, Envoy or a stub stood still: what is cut, refused,
 * tried again or slow then is the machine's doing as much as the policy's.
 */
export function calmOf(records: Records, { phases }: Pick<Observations, 'phases'>): Records {
  const stalls = phases.flatMap((phase) => phase.stalls)
  return records.filter((record) => !stalls.some((stall) => overlaps(record, stall)))
}

function overlaps(record: RequestRecord, { from, to }: Stall): boolean {
  return record.due <= to && (record.end ?? Number.POSITIVE_INFINITY) >= from
}

export const STALLED = 'happened while the load generator, Envoy or a stub stood still for a moment'
