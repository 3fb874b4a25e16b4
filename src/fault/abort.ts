import { httpStatus } from '../value/scalar.ts'
import type { FaultKind } from './kind.ts'

const schema = httpStatus.describe('The HTTP status to answer with, 200 to 599, for example 503.')

/**
 * Answers in the upstream's place.
 * @see Envoy `extensions.filters.http.fault.v3.FaultAbort.http_status`. Envoy does not check a runtime value: 42 would go
 *   out on the wire, hence the range here.
 */
export const abort: FaultKind<typeof schema> = {
  key: 'abort',
  schema,
  make: (status) => ({
    by: 'filter',
    filter: (percentKey) => ({
      abort: { http_status: status, percentage: { numerator: 0 } },
      abort_percent_runtime: percentKey,
    }),
    counter: 'aborts_injected',
  }),
  effect: (status) => ({ does: 'answer', status }),
  shows: (status, seen) => !seen.passed && !seen.cut && seen.status === status,
  takesTime: false,
  describe: (status) => `abort ${status}`,
  examples: ['abort: 503'],
  seenAs: 'An answer with this status, which retry_on and outlier detection may have.',
}
