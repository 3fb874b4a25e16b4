import { describe, expect, test } from 'vitest'
import { compilePlan } from '../../../src/plan/compile.ts'
import { predict } from '../../../src/predict/predict.ts'
import { contradicted } from '../../../src/verdict/contradicted.ts'
import { scenarioOf } from '../../helpers/scenario.ts'

function messages(claim: string, max_retries = 100): string[] {
  const scenario = scenarioOf(`
upstreams: { up: { latency: 10ms }, other: {} }
envoy:
  clusters: { up: { circuit_breakers: { max_retries: ${max_retries} } } }
  routes:
    - { match: { prefix: /other }, cluster: other }
    - { match: { prefix: / }, cluster: up, retry_policy: { retry_on: [5xx], num_retries: 2, per_try_timeout: 250ms } }
load: { rate: 200/s, requests: [{ GET: / }, { GET: /other, name: other }] }
phases: [{ name: calm, for: 4s }, { name: storm, for: 8s, faults: [{ cluster: up, delay: 400ms, percent: 10 }] }]
expect: [${claim}]
`)
  const plan = compilePlan(scenario)
  return contradicted(scenario, plan, predict(scenario, plan)).map(({ message }) => message)
}

// Of the requests to up, 0.1 % fail, with 1.11 attempts each; those to other are as many, with one attempt.
describe('claims far off what follows from the scenario', () => {
  test.each([
    ['{ phase: storm, cluster: up, retry_amplification: "<= 1.05" }', '1.11'],
    ['{ phase: storm, cluster: up, attempts_per_request: ">= 1.5" }', '1.11'],
    ['{ phase: storm, request: other, success_rate: "<= 50%" }', '100%'],
    ['{ phase: storm, retry_amplification: ">= 1.2" }', '1.055'],
    ['{ error_rate: ">= 10%" }', '0.03%'],
  ])('%s', (claim, number) =>
    expect(messages(claim)).toEqual([
      expect.stringMatching(new RegExp(`contradicts the arithmetic: ${number.replace('.', '\\.')} follows`)),
    ]),
  )
})

describe('nothing is said of', () => {
  test.each([
    ['what the arithmetic bears out', '{ phase: storm, cluster: up, retry_amplification: "<= 1.2", success_rate: ">= 99%" }'],
    ['what chance may decide', '{ phase: storm, cluster: up, retry_amplification: "<= 1.1" }'],
    ['requests that the arithmetic does not tell apart', '{ phase: storm, given: { fault: delay }, success_rate: "<= 1%" }'],
  ])('%s', (_, claim) => expect(messages(claim)).toEqual([]))

  test('what max_retries leaves open', () =>
    expect(messages('{ phase: storm, cluster: up, attempts_per_request: "<= 1.05" }', 1)).toEqual([]))
})
