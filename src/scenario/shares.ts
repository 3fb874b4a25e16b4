import { z } from 'zod'
import { grpcAbort } from '../fault/abort.ts'
import { httpStatus, percent } from '../value/scalar.ts'
import { show } from '../value/show.ts'

/** Several statuses of one abort, each for a share of the attempts: { 503: 5, 429: 1 }. No attempt meets two of them. */
const shares = z
  .record(
    z
      .string()
      .regex(/^[2-5]\d\d$/, { error: (issue) => `expected an HTTP status from 200 to 599, or grpc_status, got ${show(issue.input)}` }),
    percent,
  )
  .refine((map) => Object.keys(map).length > 1, { error: 'expected at least two statuses; one alone is written abort: 503, percent: 5' })
  .refine((map) => sumOf(map) <= 100, {
    error: (issue) => `expected shares of at most 100 together, got ${sumOf(issue.input as Record<string, number>)}`,
  })
  .transform((map): Share[] => Object.entries(map).map(([status, percent]) => ({ status: Number(status), percent })))

/** In ten-thousandths, which are whole numbers. */
const sumOf = (map: Record<string, number>) => Object.values(map).reduce((sum, each) => sum + Math.round(each * 1e4), 0) / 1e4

export const abort = z
  .union([httpStatus, grpcAbort, shares], {
    error: (issue) =>
      `expected an HTTP status from 200 to 599, a share of each such as { 503: 5, 429: 1 }, or { grpc_status: UNAVAILABLE }, got ${show(issue.input)}`,
  })
  .meta({ title: 'status or map' })
  .describe(
    'The HTTP status to answer with, 200 to 599, for example 503; or several, each with its percentage in place of percent: { 503: 5, 429: 1 }. Of these an attempt meets one at most, by draws of Envoy. Or a status of gRPC, for gRPC calls: { grpc_status: UNAVAILABLE }.',
  )

/** One status of several, in percent of all attempts. */
export interface Share {
  status: number
  percent: number
}
