/** How a gRPC call ends, and how that stands beside HTTP. @see https://grpc.github.io/grpc/core/md_doc_statuscodes.html */

/** By number. */
export const GRPC_STATUSES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const

export type GrpcStatusName = (typeof GRPC_STATUSES)[number]

export const GRPC = Object.fromEntries(GRPC_STATUSES.map((name, number) => [name, number])) as Record<GrpcStatusName, number>

export const grpcName = (status: number): string => GRPC_STATUSES[status] ?? 'UNKNOWN'

/** The number of a status by its name or by its number; undefined where it is none. */
export function grpcNumber(spelt: string | number): number | undefined {
  if (typeof spelt === 'string' && Object.hasOwn(GRPC, spelt)) return GRPC[spelt as GrpcStatusName]
  return /^\d{1,2}$/.test(String(spelt)) && Number(spelt) < GRPC_STATUSES.length ? Number(spelt) : undefined
}

/**
 * Whether a request is gRPC in the eyes of Envoy, which compares exactly: `application/grpc; charset=utf-8` and
 * `application/grpc-web` are not (test/integration/grpc.test.ts).
 */
export const isGrpc = (contentType: string | undefined): boolean =>
  contentType !== undefined && /^application\/grpc(\+|$)/.test(contentType)

/** What the value of `grpc-status` says; null where there is none. What is no status of gRPC's is UNKNOWN, as its clients have it. */
export const readGrpcStatus = (value: string | undefined): number | null =>
  value === undefined ? null : (grpcNumber(value.trim()) ?? GRPC.UNKNOWN)

/** What a client makes of an answer that has no `grpc-status`, and Envoy of its own answers to a gRPC request. */
export function grpcOfHttp(status: number): number {
  switch (status) {
    case 400:
      return GRPC.INTERNAL
    case 401:
      return GRPC.UNAUTHENTICATED
    case 403:
      return GRPC.PERMISSION_DENIED
    case 404:
      return GRPC.UNIMPLEMENTED
    case 429:
    case 502:
    case 503:
    case 504:
      return GRPC.UNAVAILABLE
    default:
      return GRPC.UNKNOWN
  }
}

/** As which HTTP status outlier detection counts an answer. @see Envoy `Grpc::Utility::grpcToHttpStatus` */
const AS_HTTP = [200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401]

/** An answer to any request, in terms of HTTP: that of a gRPC call has 200, whatever came of it. */
export const asHttp = ({ status, grpc }: Answered): number => (grpc === undefined || status !== 200 ? status : (AS_HTTP[grpc] ?? 500))

/** An answer: its HTTP status, and where it is one to a gRPC request, that of gRPC. */
export interface Answered {
  status: number
  grpc?: number
}

/** `503`, or of a gRPC call `UNAVAILABLE`. */
export function answerName({ status, grpc }: Answered): string {
  if (grpc === undefined) return String(status)
  return status === 200 ? grpcName(grpc) : `${status} (${grpcName(grpc)})`
}
