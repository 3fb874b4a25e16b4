import { GRPC } from '../value/grpc-status.ts'
import type { PlannedRequest } from './plan.ts'

/** Whether a status is an expected one: of the request's own list, or 200 to 399. */
export function isExpectedStatus(expected: readonly number[] | undefined, status: number): boolean {
  return expected ? expected.includes(status) : status >= 200 && status < 400
}

/**
 * Whether an answer is a success but for its time. That of a gRPC call has the status 200 also where it failed: the call
 * went well with `grpc-status: 0`, and without any it did not.
 * @param grpcStatus - by its headers or trailers; null where there is none
 */
export function isExpectedAnswer(
  kind: Pick<PlannedRequest, 'successStatus' | 'grpc'> | undefined,
  status: number,
  grpcStatus: number | null,
): boolean {
  return kind?.grpc ? status === 200 && grpcStatus === GRPC.OK : isExpectedStatus(kind?.successStatus, status)
}
