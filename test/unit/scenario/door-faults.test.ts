import { describe, expect, test } from 'vitest'
import { problemsIn } from './problems.ts'

/** What is said of these faults. */
function problems(...faults: string[]): string[] {
  const text = `name: a test
upstreams: { up: { replicas: 2 }, real: { image: some/image, port: 80 } }
envoy: { routes: [{ match: { prefix: /real }, cluster: real }, { match: { prefix: / }, cluster: up }] }
load: { rate: 100/s, requests: [{ GET: /, headers: { x-a: "1" } }, { GET: /real }] }
phases:
  - name: p
    for: 9s
    faults:
${faults.map((fault) => `      - { ${fault} }`).join('\n')}
expect: [{ p50: "<= 1m" }]
`
  return problemsIn(text)
}

const KINDS = ['refuse: true', 'unreachable: true', 'down: true', 'down: { after: 500ms, for: 2s }']

describe.each(KINDS)('%s hits a whole replica', (kind) => {
  test('of one replica or of all', () => {
    expect(problems(`cluster: up, ${kind}`)).toEqual([])
    expect(problems(`cluster: up, replica: 2, ${kind}`)).toEqual([])
  })

  test.each(['percent: 50', 'mode: exact', 'every: 5', 'first: 5', 'when: { path: / }', 'at: ingress'])('not with %s', (choice) => {
    const key = choice.split(':')[0]
    expect(problems(`cluster: up, ${kind}, ${choice}`)).toContainEqual(
      expect.stringContaining(`hits a whole replica: a connection fails before any request is known, so ${key} has nothing to choose from`),
    )
  })

  test('not before a container', () =>
    expect(problems(`cluster: real, ${kind}`)).toEqual([
      expect.stringContaining('is made by the stub of an upstream, and real is a container'),
    ]))
})

test('two of them are not for one replica in one phase', () => {
  expect(problems('cluster: up, replica: 1, down: true', 'cluster: up, replica: 2, refuse: true')).toEqual([])
  for (const replica of ['', 'replica: 1, '])
    expect(problems('cluster: up, replica: 1, down: true', `cluster: up, ${replica}refuse: true`)).toEqual([
      expect.stringContaining('a replica cannot meet refuse and the down before it in one phase: no connection comes about either way'),
    ])
})

describe('a replica is down within its phase of 9 s', () => {
  test.each(['{ after: 8s, for: 1s }', '{ for: 9s }', '{ after: 8999ms }'])('so: %s', (down) => {
    expect(problems(`cluster: up, down: ${down}`)).toEqual([])
  })

  test.each([
    ['{ after: 9s }', 'the fault could never fire: phase "p" is over after 9s'],
    ['{ after: 10s, for: 1s }', 'the fault could never fire: phase "p" is over after 9s'],
    ['{ for: 9001ms }', 'the replica returns at the end of phase "p" at the latest, when it was down for 9s'],
    ['{ after: 8s, for: 2s }', 'the replica returns at the end of phase "p" at the latest, when it was down for 1s'],
  ])('not so: %s', (down, message) => {
    expect(problems(`cluster: up, down: ${down}`)).toEqual([expect.stringContaining(message)])
  })
})

test('a reset is about a request: whoever is chosen for a fault may be chosen for it', () => {
  for (const choice of ['percent: 50', 'mode: exact', 'every: 5', 'when: { header: { x-a: "1" } }'])
    expect(problems(`cluster: up, reset: true, ${choice}`)).toEqual([])
  expect(problems('cluster: up, reset: true, at: ingress')).toEqual([expect.stringContaining('reset is made at the stub')])
  expect(problems('cluster: real, reset: true')).toEqual([expect.stringContaining('reset is made by the stub of an upstream')])
})

test.each([
  ['down: 5s', 'expected true, or a map such as { after: 500ms, for: 2s }, got "5s"'],
  ['down: { for: 2 }', 'expected a duration such as 250ms'],
  ['refuse: false', 'expected true, got false'],
  ['unreachable: 50%', 'expected true, got "50%"'],
  ['reset: 1', 'expected true, got 1'],
])('not so: %s', (fault, message) => expect(problems(`cluster: up, ${fault}`)).toEqual([expect.stringContaining(message)]))
