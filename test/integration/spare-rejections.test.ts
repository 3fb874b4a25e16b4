import { beforeAll, describe, expect, test } from 'vitest'
import { countSpare } from '../../src/observe/spare.ts'
import { clusterStat, type Ran, runScenario, to } from '../helpers/scenario.ts'

/** Many at once, so that the breakers below meet their limits however slow the machine is. */
const BURST = 60

let ran: Ran

beforeAll(async () => {
  ran = await runScenario(`
upstreams:
  low: { workers: 20, latency: 100ms }
  right: { workers: 4, latency: 100ms }
  high: { workers: 4, latency: 100ms }
  pending: { workers: 20, latency: 100ms }
  left: { workers: 4, latency: 300ms }
  held: { workers: 4, latency: 20ms }
envoy:
  clusters:
    low: { circuit_breakers: { max_requests: 5 } }
    right: { circuit_breakers: { max_requests: 4 } }
    high: { circuit_breakers: { max_requests: 8 } }
    pending: { circuit_breakers: { max_connections: 2, max_pending_requests: 2 } }
    left: { circuit_breakers: { max_requests: 2 } }
    held: { circuit_breakers: { max_requests: 4 } }
  routes:
    - { match: { path: /low }, cluster: low }
    - { match: { path: /right }, cluster: right }
    - { match: { path: /high }, cluster: high }
    - { match: { path: /pending }, cluster: pending }
    - { match: { path: /left }, cluster: left, timeout: 50ms }
    - { match: { path: /held }, cluster: held }
load:
  rate: 60/s
  requests: [${['low', 'right', 'high', 'pending', 'left', 'held'].map((name) => `{ GET: /${name} }`).join(', ')}]
phases:
  - name: bursts
    for: 2s
    bursts: { size: ${BURST}, every: 250ms }
    faults: [{ cluster: held, delay: 150ms }]
`)
})

/** What was refused, and how much of it was spare. */
function found(cluster: string) {
  const refused = to(ran, `/${cluster}`).filter(({ egress }) => egress?.rejectedBy !== null).length
  expect(refused).toBeGreaterThan(10)
  return { refused, spare: countSpare(ran)(0).get(cluster) ?? expect.fail() }
}

describe('a refusal by max_requests', () => {
  test('below the workers is spare, each and for sure', () => {
    const { refused, spare } = found('low')
    expect(spare).toEqual({ least: refused, most: refused })
    expect(clusterStat(ran, 'low', 'upstream_rq_active_overflow')).toBe(refused)
  })

  test.each(['right', 'high'])('%s: as high as the workers or higher, it is never spare', (cluster) => {
    expect(found(cluster).spare).toEqual({ least: 0, most: 0 })
  })

  test('is spare while a fault before the replica holds the requests that fill it', () => {
    const { spare } = found('held')
    expect(spare.least).toBeGreaterThan(0)
  })

  test('is not spare for sure while work that was given up takes the workers', () => {
    // Two are let in at once; each is given up after 50 ms and takes its worker for 300. The later ones find all four taken.
    const { refused, spare } = found('left')
    expect(spare.least).toBeLessThan(refused)
    expect(spare.least).toBeGreaterThan(0)
  })
})

test('a refusal by max_pending_requests is spare while more workers stand idle than connections are allowed', () => {
  const { refused, spare } = found('pending')
  expect(spare).toEqual({ least: refused, most: refused })
})

test('no source contradicts another', () => expect(ran.observations.unsound).toEqual([]))
