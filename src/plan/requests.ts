import { headersOf, isGrpcKind, methodAndPath, nameOf, requestsOf } from '../scenario/routing.ts'
import type { Scenario } from '../scenario/scenario.ts'
import type { PlannedRequest } from './plan.ts'

/** The kinds of request as they go on the wire. */
export function planRequests(scenario: Scenario): PlannedRequest[] {
  return requestsOf(scenario).map((request) => {
    const { method, path } = methodAndPath(request)
    return {
      name: nameOf(request),
      method,
      path,
      headers: headersOf(request),
      body: request.json === undefined ? request.body : JSON.stringify(request.json),
      uploadMs: request.upload?.over ?? 0,
      successStatus: request.success_status,
      ...(isGrpcKind(request) ? { grpc: true as const } : {}),
    }
  })
}
