import { expect, test } from 'vitest'
import { compilePlan } from '../../../src/plan/compile.ts'
import { predict } from '../../../src/predict/predict.ts'
import { parseScenario } from '../../../src/scenario/parse.ts'

/** What is said of a gRPC call where each try meets the fault with the chance 0.2, and of its second try by `retry_on`. */
function predicted(fault: string, retryOn: string, more = '') {
  const text = `name: a test
upstreams: { up: {} }
envoy: { clusters: { up: { circuit_breakers: { max_retries: 1000 } } }, routes: [{ match: { prefix: / }, cluster: up, retry_policy: { retry_on: [${retryOn}], num_retries: 1 }${more} }] }
load: { rate: 100/s, requests: [{ POST: /, headers: { content-type: application/grpc } }] }
phases: [{ name: p, for: 9s, faults: [{ cluster: up, ${fault} }] }]
expect: [{ p50: "<= 1m" }]
`
  const scenario = parseScenario(text, 'here.yaml', () => '')
  const { success, attempts, statuses } = predict(scenario, compilePlan(scenario)).phases[0]?.kinds[0] ?? {}
  return { success: success?.low, attempts: attempts?.low, statuses: statuses?.map(({ status }) => status) }
}

test.each([
  // 0.2² of the calls fail twice.
  ['abort: { grpc_status: UNAVAILABLE }, percent: 20', 'unavailable', 0.96, 1.2, [0, 14]],
  ['abort: { grpc_status: UNAVAILABLE }, percent: 20', '5xx', 0.8, 1, [0, 14]],
  ['abort: { grpc_status: INTERNAL }, percent: 20', 'unavailable', 0.8, 1, [0, 13]],
  ['abort: { grpc_status: INTERNAL }, percent: 20', 'internal', 0.96, 1.2, [0, 13]],
  ['abort: 503, percent: 20', 'unavailable', 0.96, 1.2, [0, 14]],
  ['abort: 503, percent: 20', '5xx', 0.8, 1, [0, 14]],
])('%s with retry_on %s', (fault, retryOn, success, attempts, statuses) =>
  expect(predicted(fault, retryOn)).toEqual({
    success: expect.closeTo(success, 6),
    attempts: expect.closeTo(attempts, 6),
    statuses,
  }),
)

test('what the timeout of the route ends is UNAVAILABLE, and what max_stream_duration ends DEADLINE_EXCEEDED', () => {
  const held = 'delay: 3s'
  expect(predicted(held, '5xx', ', timeout: 1s').statuses).toEqual([14])
  expect(predicted(held, '5xx', ', max_stream_duration: { max_stream_duration: 1s }').statuses).toEqual([4])
})
