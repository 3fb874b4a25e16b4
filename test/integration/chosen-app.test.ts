import { describe, expect, test } from 'vitest'
import { requestIndex } from '../../src/load/client-log.ts'
import { type Ran, runScenario } from '../helpers/scenario.ts'

/** Faults whose requests were chosen before the run, where the app under test stands between: by the ids that it hands on. */

/** Of 100/s for 2 s, the last half second aside, so 150 requests are counted; every 5th of them is 30. */
const chosenThrough = (app: string, faults = '{ cluster: inventory, abort: 503, every: 5 }', more = '') =>
  runScenario(`
upstreams: { inventory: { respond: { json: { stock: 3 } } } }
app: { command: [node, test/fixtures/apps/shop.mjs${app}
load: { rate: 100/s, requests: [{ GET: /a }, { GET: /b, headers: { x-user: jason } }] }
phases: [{ name: all, for: 2s, faults: [${faults}] }, { name: after, for: 300ms }]
${more}`)

/** The requests of the first phase that met a fault, and with how many of their calls. */
const metOf = ({ records }: Ran, id: string) =>
  new Map(
    records.flatMap((record): [number, number][] => {
      const met = record.calls.filter((call) =>
        [...call.ingressFaults, ...call.attempts.flatMap(({ hop }) => hop?.faults ?? [])].includes(id),
      )
      return met.length === 0 ? [] : [[requestIndex(record.id), met.length]]
    }),
  )

const chosenBy = ({ plan }: Ran, id: string) => plan.faults.find((fault) => fault.id === id)?.chosen?.requests

/** Every one of those that were chosen, and nobody else, met it; the stub never saw what was aborted. */
function expectMet(ran: Ran, id: string, size: number, calls = 1) {
  const chosen = chosenBy(ran, id) as ReadonlySet<number>
  expect(chosen.size).toBe(size)
  expect(metOf(ran, id)).toEqual(new Map([...chosen].map((index) => [index, calls])))
  const total = size * calls
  const evidence = ran.observations.faults.find((fault) => fault.id === id)
  expect(evidence).toMatchObject({ doubt: null, metRequests: size, met: total, counted: total, inferred: total })
}

describe('meet every 5th request, by whichever id the app hands on', () => {
  test.each([
    ['x-request-id', ', --forward, x-request-id] }'],
    ['traceparent', ', --forward, traceparent] }'],
    ['the header of the app', ', --forward, x-correlation-id], id_header: X-Correlation-Id }'],
  ])('%s', async (_, app) => {
    const ran = await chosenThrough(app)
    expectMet(ran, 'all-1', 30)
    for (const { id, status, phase } of ran.records)
      expect({ id, status }).toEqual({ id, status: phase === 0 && chosenBy(ran, 'all-1')?.has(requestIndex(id)) ? 503 : 200 })
    expect(ran.observations.unsound).toEqual([])
    expect(ran.logs.journal).not.toContain('x-chaos')
  })
})

test('several faults of a phase have marks of their own, at ingress and by the stub, too', async () => {
  const ran = await chosenThrough(
    ', --forward, traceparent] }',
    '{ cluster: inventory, at: ingress, delay: 20ms, first: 7 }, { cluster: inventory, delay: 5ms, percent: 20, mode: exact }, { cluster: inventory, slow: 3, every: 3 }',
  )
  for (const [id, size] of [
    ['all-1', 7],
    ['all-2', 30],
    ['all-3', 50],
  ] as const) {
    expect(ran.observations.faults.find((fault) => fault.id === id)).toMatchObject({ doubt: null, metRequests: size, met: size })
    expect(new Set(metOf(ran, id).keys())).toEqual(new Set(chosenBy(ran, id)))
  }
})

describe('of a request that is chosen', () => {
  test('each call meets it, where the app makes several', async () => {
    expectMet(await chosenThrough(', --forward, x-request-id, --calls, "3"] }'), 'all-1', 30, 3)
  })

  test('each call meets it, where the app makes its call again', async () => {
    const ran = await chosenThrough(', --forward, x-request-id, --again, "2"] }')
    // The first call and two more, all aborted.
    expectMet(ran, 'all-1', 30, 3)
  })

  test('when says what the load sends, whether or not the app hands that on', async () => {
    const ran = await chosenThrough(
      ', --forward, x-request-id] }',
      '{ cluster: inventory, abort: 503, every: 2, when: { path: /b, header: { x-user: jason } } }',
    )
    const chosen = [...(chosenBy(ran, 'all-1') ?? [])]
    const kinds = new Set(ran.records.filter(({ id }) => chosen.includes(requestIndex(id))).map(({ request }) => request))
    expect(kinds).toEqual(new Set([1]))
    expectMet(ran, 'all-1', chosen.length)
  })
})

describe('where the app does not hand an id on, the run says what to hand on', () => {
  const cases: [string, string, string | RegExp][] = [
    [
      'with none of its calls',
      '] }',
      /^the fault abort 503 on inventory never fired: 30 requests were chosen for it \(every: 5\), but none of the \d+ attempts that came to Envoy for inventory had the id of one of them; let the app hand on x-request-id or traceparent$/,
    ],
    [
      'but one of its own',
      '], id_header: x-correlation-id }',
      /had the id of one of them; let the app hand on x-correlation-id, x-request-id or traceparent$/,
    ],
    [
      'with one of two calls',
      ', --forward, x-request-id, --unnamed] }',
      /^the fault abort 503 on inventory did not meet the requests that were chosen for it \(every: 5\): \d+ attempts at inventory had the id of no request in flight; let the app hand on x-request-id or traceparent with each call: else nobody knows whether it was made for one of them$/,
    ],
    [
      'since it makes no call for most of them',
      ', --forward, x-request-id, --cache, "3"] }',
      /\(every: 5\): \d+ of 30 requests met it \(not so r-\d+, for which none came to inventory while it was in force\)$/,
    ],
  ]
  test.each(cases)('%s', async (_, app, doubt) => {
    const { observations } = await chosenThrough(app)
    expect(observations.faults).toMatchObject([{ doubt: expect.stringMatching(doubt) }])
  })
})

test('a program that is run to its end hands on the id of its run', async () => {
  const faults = (forwards: boolean) =>
    runScenario(`
upstreams: { inventory: {} }
app: { run: [node, test/fixtures/apps/job.mjs${forwards ? ', --forward' : ''}], times: 9, parallel: 2 }
phases: [{ name: all, faults: [{ cluster: inventory, abort: 503, every: 3 }] }, { name: after }]
`)
  const ran = await faults(true)
  expect(chosenBy(ran, 'all-1')).toEqual(new Set([2, 5, 8]))
  // It asks for three items.
  expectMet(ran, 'all-1', 3, 3)
  expect((await faults(false)).observations.faults[0]?.doubt).toMatch(
    /never fired: 3 runs were chosen for it \(every: 3\), but none of the 27 attempts .*; let the app send x-request-id or traceparent$/,
  )
})
