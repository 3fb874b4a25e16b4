import { z } from 'zod'
import { grpcName, grpcOfHttp } from '../value/grpc-status.ts'
import { grpcStatus, httpStatus } from '../value/scalar.ts'
import type { FaultKind } from './kind.ts'

/** In place of a status of HTTP. */
export const grpcAbort = z.strictObject({ grpc_status: grpcStatus.describe('How the gRPC call ends, by name or number: UNAVAILABLE, 14.') })

const schema = z
  .union([httpStatus, grpcAbort])
  .describe('The HTTP status to answer with, 200 to 599, for example 503; or that of gRPC, for example { grpc_status: UNAVAILABLE }.')

/**
 * Answers in the upstream's place. A gRPC call gets an HTTP status as that of gRPC (503: UNAVAILABLE), and what is no gRPC
 * call gets that of gRPC as a plain 200 (test/integration/grpc.test.ts).
 * @see Envoy `extensions.filters.http.fault.v3.FaultAbort.http_status`, `.grpc_status`. Envoy does not check a runtime value:
 *   42 would go out on the wire, hence the range here.
 */
export const abort: FaultKind<typeof schema> = {
  key: 'abort',
  schema,
  make: (value) => ({ by: 'filter', does: { abort: typeof value === 'number' ? { http_status: value } : value } }),
  effect: (value) =>
    typeof value === 'number' ? { does: 'answer', status: value, afterMs: 0 } : { does: 'answer', grpc: value.grpc_status, afterMs: 0 },
  shows: (value, { passed, cut, status, grpc }) => {
    if (passed || cut) return false
    if (typeof value !== 'number') return grpc === value.grpc_status
    return grpc === null ? status === value : grpc === grpcOfHttp(value)
  },
  missed: (value, { status, grpc }) =>
    typeof value !== 'number' && status !== 0 && grpc === null
      ? 'that are no gRPC calls (their content-type is not application/grpc): Envoy answers those with a plain 200'
      : undefined,
  takesTime: false,
  describe: (value) => (typeof value === 'number' ? `abort ${value}` : `abort ${grpcName(value.grpc_status)}`),
  examples: ['abort: 503', 'abort: { grpc_status: UNAVAILABLE }'],
  seenAs:
    'An answer with this status, which retry_on and outlier detection may have. One of gRPC has the HTTP status 200: its own values of retry_on see it (unavailable), 5xx does not, and outlier detection takes UNAVAILABLE for a 503.',
}
