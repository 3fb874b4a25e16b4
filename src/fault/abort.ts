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
  filter: (status, percentKey) => ({
    abort: { http_status: status, percentage: { numerator: 0 } },
    abort_percent_runtime: percentKey,
  }),
  flag: 'FI',
  counter: 'aborts_injected',
  describe: (status) => `abort ${status}`,
}
