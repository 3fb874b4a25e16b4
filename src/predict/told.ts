import { grpcName, grpcOfHttp } from '../value/grpc-status.ts'

/**
 * What a caller is told: an HTTP status, or of a gRPC call, whose HTTP status says nothing, its own. Those of gRPC lie
 * below all of HTTP.
 */
export type Told = number

/** @param status - of HTTP: what Envoy answers with, or the upstream */
export const toldOf = (grpc: boolean, status: number): Told => (grpc ? grpcOfHttp(status) : status)

export const isGrpcTold = (told: Told): boolean => told < 100

export const toldName = (told: Told): string => (isGrpcTold(told) ? grpcName(told) : String(told))
