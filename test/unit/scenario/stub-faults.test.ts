import { describe, expect, test } from 'vitest'
import { FAULT_KINDS } from '../../../src/fault/registry.ts'
import { problemsIn } from './problems.ts'

/** What is said of these faults. */
function problems(...faults: string[]): string[] {
  const text = `name: a test
upstreams: { up: { replicas: 2, respond: { body: "${'y'.repeat(20_000)}" } }, bare: {}, fails: { respond: { grpc_status: UNAVAILABLE, body: "${'y'.repeat(20_000)}" } }, head: { respond: { body: "${'y'.repeat(20_000)}" } }, real: { image: some/image, port: 80 } }
envoy: { routes: [{ match: { prefix: /real }, cluster: real }, { match: { prefix: /bare }, cluster: bare }, { match: { prefix: /head }, cluster: head }, { match: { prefix: /fails }, cluster: fails }, { match: { prefix: / }, cluster: up }] }
load: { rate: 100/s, requests: [{ POST: /, headers: { x-a: "1", content-type: application/grpc } }, { GET: /real }, { GET: /bare }, { HEAD: /head }, { POST: /fails, headers: { content-type: application/grpc } }, { GET: /fails }] }
phases:
  - name: p
    for: 9s
    faults:
${faults.map((fault) => `      - { ${fault} }`).join('\n')}
expect: [{ p50: "<= 1m" }]
`
  return problemsIn(text)
}

test.each(Object.values(FAULT_KINDS).flatMap(({ examples }) => examples))('as the reference has it: %s', (example) =>
  expect(problems(`cluster: up, ${example}`)).toEqual([]),
)

test.each([
  ['slow: 1', 'expected a factor above 1 and at most 10000, got 1'],
  ['slow: 5x', 'expected a factor such as 5, got "5x"'],
  ['truncate: 100%', 'expected how much of the body comes, from 0% to below 100%, got "100%"'],
  ['delay: 0.5ms', "expected whole milliseconds, as Envoy's filter counts them, got 0.5ms"],
  ['delay: 1500us', "expected whole milliseconds, as Envoy's filter counts them, got 1.5ms"],
  ['abort: { grpc: 14 }', 'expected an HTTP status from 200 to 599, or grpc_status, got "grpc"'],
  ['truncate: 50', 'expected how much of the body comes, such as "50%", got 50'],
  ['slow_body: { limit_kbps: 0 }', 'expected a whole number from 1 to 1000000, got 0'],
  ['delay: { p50: 50ms, p99: 20ms }', 'expected p50 above 0ms and p99 above p50'],
  ['delay: { uniform: [50ms, 50ms] }', 'expected the longest to be above the shortest'],
])('not so: %s', (fault, message) => expect(problems(`cluster: up, ${fault}`)).toEqual([expect.stringContaining(message)]))

describe('a fault of the body takes a body', () => {
  test.each(['truncate: 50%', 'slow_body: 1s', 'rate_limit: { limit_kbps: 8 }'])('of the stub: %s', (fault) => {
    expect(problems(`cluster: bare, ${fault}`)).toEqual([
      expect.stringMatching(/takes an answer with a body of at least [\d,]+ bytes?, and the stub of bare answers with none/),
    ])
    expect(problems(`cluster: fails, ${fault}`)).toEqual([
      expect.stringContaining('and a gRPC call that the stub of fails lets fail is answered by headers alone'),
    ])
    expect(problems(`cluster: fails, ${fault}, when: { method: GET }`)).toEqual([])
    expect(problems(`cluster: head, ${fault}`)).toEqual([expect.stringContaining('and the answer to HEAD has none')])
  })
})

test('a drawn delay is held against the patience of the client by its long end', () =>
  expect(problems('cluster: up, delay: { uniform: [1s, 30s] }')).toEqual([expect.stringContaining('the delay of 30s outlasts the client')]))

const A = 'when: { header: { x-a: "1" } }'

test('a hang is written as true', () => {
  expect(problems('cluster: up, hang: true')).toEqual([])
  expect(problems('cluster: up, hang: 5s')).toEqual([expect.stringContaining('expected true, got "5s"')])
})

test('what the stub makes is not made at ingress, nor of a container', () => {
  expect(problems('cluster: up, at: ingress, hang: true')).toEqual([
    expect.stringContaining('hang is made at the stub, behind the router, and no filter before that can: leave at out'),
  ])
  expect(problems('cluster: up, at: ingress, rate_limit: { limit_kbps: 8 }')).toEqual([
    expect.stringContaining('rate_limit is made at the hop, behind the router'),
  ])
  expect(problems('cluster: real, rate_limit: { limit_kbps: 8 }')).toEqual([
    expect.stringContaining('is proved by what the stub says of its answers'),
  ])
  expect(problems('cluster: real, hang: true')).toEqual([
    'phases[0].faults[0]: hang is made by the stub of an upstream, and real is a container: it does what it does',
  ])
})

describe('two shares of one draw', () => {
  test.each([
    ['of the same requests', ['percent: 30', 'percent: 30']],
    ['of which the first is of all', ['percent: 30', `percent: 30, ${A}`]],
    ['of which one is whole', [`percent: 30, ${A}`, 'percent: 100']],
    ['at replicas of their own', ['percent: 30, replica: 1', 'percent: 30, replica: 2']],
  ])('%s are kept', (_, faults) => expect(problems(...faults.map((fault) => `cluster: up, hang: true, ${fault}`))).toEqual([]))

  test.each([
    ['with a header, and then of all', [`percent: 30, ${A}`, 'percent: 30']],
    ['at one replica, and then at all', ['percent: 30, replica: 1', 'percent: 30']],
  ])('%s cannot be kept', (_, faults) =>
    expect(problems(...faults.map((fault) => `cluster: up, hang: true, ${fault}`))).toEqual([
      expect.stringContaining('faults[1].percent: cannot be kept: Envoy draws once for hang and the hang before it'),
    ]),
  )
})
