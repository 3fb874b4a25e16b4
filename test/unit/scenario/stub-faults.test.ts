import { describe, expect, test } from 'vitest'
import { ChaosError } from '../../../src/errors.ts'
import { parseScenario } from '../../../src/scenario/parse.ts'

/** What is said of these faults. */
function problems(...faults: string[]): string[] {
  const text = `name: a test
upstreams: { up: { replicas: 2, respond: { body: ok } }, real: { image: some/image, port: 80 } }
envoy: { routes: [{ match: { prefix: /real }, cluster: real }, { match: { prefix: / }, cluster: up }] }
load: { rate: 100/s, requests: [{ GET: /, headers: { x-a: "1" } }, { GET: /real }] }
phases:
  - name: p
    for: 9s
    faults:
${faults.map((fault) => `      - { ${fault} }`).join('\n')}
expect: [{ p50: "<= 1m" }]
`
  try {
    parseScenario(text, 'here.yaml', () => '1')
    return []
  } catch (error) {
    if (error instanceof ChaosError) return error.problems.map(({ message }) => message)
    throw error
  }
}

const A = 'when: { header: { x-a: "1" } }'

test('a hang is written as true', () => {
  expect(problems('cluster: up, hang: true')).toEqual([])
  expect(problems('cluster: up, hang: 5s')).toEqual([expect.stringContaining('expected true, got "5s"')])
})

test('what the stub makes is not made at ingress, nor of a container', () => {
  expect(problems('cluster: up, at: ingress, hang: true')).toEqual([
    expect.stringContaining('hang is made at the stub, behind the router, and no filter before that can: leave at out'),
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
