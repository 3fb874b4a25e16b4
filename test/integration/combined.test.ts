import { beforeAll, describe, expect, test } from 'vitest'
import type { RequestRecord } from '../../src/observe/record.ts'
import { type Ran, runScenario, scenarioOf } from '../helpers/scenario.ts'

/** Each kind of fault that no filter draws for, with each way to say which requests and tries meet it: the counts are exact. */

/** How often a request that is chosen is tried: what hangs is tried again, what had begun to answer, or answers late, is not. */
const KINDS = {
  hang: { fault: 'hang: true', tries: 2 },
  slow: { fault: 'slow: 20', tries: 1 },
  truncate: { fault: 'truncate: 50%', tries: 1 },
  'slow-body': { fault: 'slow_body: 80ms', tries: 1 },
  'drawn-delay': { fault: 'delay: { uniform: [20ms, 40ms] }', tries: 1 },
  'rate-limit': { fault: 'rate_limit: { limit_kbps: 64 }', tries: 1 },
} as const

/** Of a burst of 40 requests at the start of a phase, so that no try falls over its end, so many are chosen; `first` says that the second try of one is spared. */
const CHOICES = {
  every: { key: 'every: 8', requests: 5, spares: false },
  first: { key: 'first: 6', requests: 6, spares: false },
  exact: { key: 'percent: 25, mode: exact', requests: 10, spares: false },
  try: { key: 'every: 10, when: { attempt: 1 }', requests: 4, spares: true },
} as const

const cases = Object.entries(KINDS).flatMap(([kind, { fault, tries }]) =>
  Object.entries(CHOICES).map(([choice, { key, requests, spares }]) => ({
    phase: `${kind} ${choice}`,
    id: `${kind}-${choice}-1`,
    fault: `${fault}, ${key}`,
    requests,
    attempts: requests * (spares ? 1 : tries),
  })),
)

let ran: Ran
beforeAll(async () => {
  ran = await runScenario(`
upstreams: { one: { replicas: 2, latency: 2ms, respond: { body: ${'x'.repeat(16_000)} } } }
envoy:
  clusters: { one: { circuit_breakers: { max_retries: 1000 } } }
  routes: [{ match: { prefix: / }, cluster: one, retry_policy: { retry_on: [5xx], num_retries: 1, per_try_timeout: 120ms, retry_back_off: { base_interval: 1ms } } }]
load: {}
phases:
${cases.map(({ phase, fault }) => `  - { name: ${phase}, for: 400ms, bursts: { size: 40, every: 1s }, faults: [{ cluster: one, ${fault} }] }\n  - { name: after ${phase}, for: 100ms, bursts: { size: 4, every: 1s } }`).join('\n')}
`)
})

const attemptsOf = ({ calls }: RequestRecord) => calls.flatMap(({ attempts }) => attempts)

describe('met by exactly those that are chosen', () => {
  test.each(cases)('$fault: $requests requests, $attempts attempts', ({ id, requests, attempts }) => {
    const fault = ran.plan.faults.find((each) => each.id === id)
    const met = ran.records.filter((record) => attemptsOf(record).some(({ hop }) => hop?.faults.includes(id)))
    expect(met.map((record) => record.id)).toEqual(
      [...(fault?.chosen?.requests ?? [])].sort((a, b) => a - b).map((index) => `r-${index + 1}`),
    )
    const byHop = met.flatMap(attemptsOf).filter(({ hop }) => hop?.faults.includes(id)).length
    const evidence = ran.observations.faults.find((each) => each.id === id)
    expect({ requests: met.length, byHop }).toEqual({ requests, byHop: attempts })
    // What the other side saw: the stub's journal, or how slowly the body came.
    expect(evidence).toMatchObject({ doubt: null, met: attempts, metRequests: requests, counted: attempts, inferred: attempts })
  })

  test.each(cases.filter(({ id }) => !id.startsWith('rate-limit')))('$fault: the journal of the stub has $attempts', ({ id, attempts }) => {
    expect(ran.logs.journal.split(`"fault":"${id}"`).length - 1).toBe(attempts)
  })

  test('nobody else met anything', () => {
    expect(ran.observations.unsound).toEqual([])
    const without = ran.records.filter(({ phase }) => phase % 2 === 1)
    for (const record of without) expect(attemptsOf(record).map(({ hop }) => hop?.faults)).toEqual([[]])
  })
})

describe('no header of Envoy asks for', () => {
  test.each(Object.entries(KINDS))('%s', (kind, { fault }) => {
    const asking = `upstreams: { one: {} }\nload: { rate: 10/s }\nphases: [{ name: all, for: 1s, faults: [{ cluster: one, ${fault}, by: header }] }]`
    expect(() => scenarioOf(asking), kind).toThrow(/phases\[0\]\.faults\[0\]\.by: no header of Envoy's asks for /)
  })
})
