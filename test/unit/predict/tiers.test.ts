import { expect, test } from 'vitest'
import { tierFindings } from '../../../src/predict/tiers.ts'
import { scenarioOf } from '../../helpers/scenario.ts'

const findings = (client: string, route = '') =>
  tierFindings(
    scenarioOf(`
upstreams: { up: {} }
app: { command: [node]${client === '' ? '' : `, client: { ${client} }`} }
envoy: { routes: [{ match: { prefix: / }, cluster: up${route === '' ? '' : `, ${route}`} }] }
load: { rate: 10/s }
phases: [{ name: all, for: 1s }]
`),
  ).map(({ path, message }) => `${path.join('.')}: ${message}`)

const RETRIED = 'retry_policy: { retry_on: [5xx], num_retries: 2, per_try_timeout: 250ms }'

test('an outer limit that is shorter than the inner one is told, with both', () =>
  expect(findings('timeout: 2s')).toEqual([
    expect.stringMatching(/^app\.client\.timeout: .*route-1 .* for up to 15s \(the default of timeout\).* after 2s$/),
  ]))

// Three tries of 250 ms, and waits below 25 and 50 ms: 825 ms.
test('the tries themselves may end before the timeout does', () => {
  expect(findings('timeout: 830ms', RETRIED)).toEqual([])
  expect(findings('timeout: 820ms', RETRIED)).toEqual([expect.stringContaining('for up to 825ms')])
})

test('tries that are not made again end at the first', () =>
  expect(findings('timeout: 300ms', RETRIED.replace('5xx', 'connect-failure'))).toEqual([]))

test('no limit at all is longer than any', () =>
  expect(findings('timeout: 1h', 'timeout: 0s')).toEqual([expect.stringContaining('without any limit')]))

test('retries of both tiers multiply', () => {
  expect(findings('retries: 2', RETRIED)).toEqual([expect.stringMatching(/3 calls of the app × 3 tries of Envoy are 9 attempts/)])
  expect(findings('retries: 2')).toEqual([])
  expect(findings('retries: 0', RETRIED)).toEqual([])
})

test('of an app that says nothing, nothing is said', () => expect(findings('', RETRIED)).toEqual([]))
