import { expect, test } from 'vitest'
import type { RequestRecord } from '../../../src/observe/record.ts'
import { phasesOf, select } from '../../../src/verdict/select.ts'
import { attempt, bad, egress, good, hop, outcome, type World, world } from './records.ts'

const PHASES = [{ name: 'a' }, { name: 'b', faults: [0, 1] }]
const FAULTS = [{ id: 'cut' }, { id: 'slow', action: { kind: 'delay' as const, value: 400 } }]

function ids(claim: object, records: RequestRecord[], more: Partial<World> = {}) {
  const { scenario, plan, observations } = world({
    phases: PHASES,
    faults: FAULTS,
    ...more,
    expect: [{ success_rate: '>= 50%', ...claim }],
    records,
  })
  const [filter] = scenario.expect
  if (filter === undefined) throw new Error('expected an expectation')
  return Array.from(select(filter, plan, observations, false).records, ({ id }) => id)
}

test('a phase selects the requests that were due in it; no phase selects all', () => {
  const records = [good({ id: 'a0' }), good({ id: 'b0', phase: 1, due: 1000 })]
  expect(ids({ phase: 'b' }, records)).toEqual(['b0'])
  expect(ids({}, records)).toEqual(['a0', 'b0'])
  expect(phasesOf({ phase: 'none such' }, world({ expect: [] }).plan)).toEqual([])
})

test('a cluster and a request name select', () => {
  const records = [good({ id: 'x' }), good({ id: 'y', egress: egress({ cluster: 'prices' }) }), good({ id: 'z', request: 1 })]
  const requests = [{ name: 'list' }, { name: 'buy' }]
  expect(ids({ cluster: 'prices' }, records, { requests })).toEqual(['y'])
  expect(ids({ request: 'buy' }, records, { requests })).toEqual(['z'])
})

test('settle leaves out what was due at the beginning and at the end of each phase', () => {
  const records = [
    good({ id: 'early', due: 299 }),
    good({ id: 'in time', due: 300 }),
    good({ id: 'last', due: 699 }),
    good({ id: 'at the end', due: 700 }),
    good({ id: 'early b', phase: 1, due: 1200 }),
    good({ id: 'in time b', phase: 1, due: 1300 }),
  ]
  expect(ids({ settle: '300ms' }, records)).toEqual(['in time', 'last', 'in time b'])
  expect(ids({}, records)).toHaveLength(6)
})

test('settle keeps a request that hangs on over the end: it must not go unseen', () => {
  const hung = good({ id: 'hung', due: 500, end: null, status: null, error: 'no answer', success: false, edge: true })
  expect(ids({ settle: '300ms' }, [hung])).toEqual(['hung'])
})

test('given.fault leaves out a request that was tried again after the fault had ended, and keeps one that hangs', () => {
  const met = attempt({ start: 990, hop: hop(['cut']) })
  const records = [
    good({ id: 'tried again after', due: 990, attempts: [met, attempt({ n: 2, start: 1010 })] }),
    good({ id: 'hung', due: 990, end: null, edge: true, attempts: [met] }),
  ]
  expect(ids({ phase: 'a', given: { fault: 'abort' } }, records)).toEqual(['hung'])
})

test('a phase that began late settles from when it really began', () => {
  const phases = [{ name: 'a', seen: { from: 100 } }]
  const records = [good({ id: 'x', due: 350 }), good({ id: 'y', due: 400 })]
  expect(ids({ settle: '300ms' }, records, { phases, faults: [] })).toEqual(['y'])
})

test('given.fault selects by what any attempt met, or the request before the router', () => {
  const records = [
    good({ id: 'none' }),
    good({ id: 'cut', attempts: [attempt({ hop: hop(['cut']) }), attempt({ n: 2 })] }),
    good({ id: 'slow', attempts: [attempt(), attempt({ n: 2, hop: hop(['slow']) })] }),
    bad({ id: 'ingress', attempts: [], ingressFaults: ['cut'] }),
  ]
  expect(ids({ given: { fault: 'abort' } }, records)).toEqual(['cut', 'ingress'])
  expect(ids({ given: { fault: 'delay' } }, records)).toEqual(['slow'])
  expect(ids({ given: { fault: 'any' } }, records)).toEqual(['cut', 'slow', 'ingress'])
  expect(ids({ given: { fault: 'none' } }, records)).toEqual(['none'])
})

test('given.attempts and given.header select', () => {
  const records = [good({ id: 'one' }), good({ id: 'two', attempts: [attempt(), attempt({ n: 2 })] }), good({ id: 'jason', request: 1 })]
  const requests = [{}, { headers: { 'x-user': 'jason' } }]
  expect(ids({ given: { attempts: '>= 2' } }, records, { requests })).toEqual(['two'])
  expect(ids({ given: { header: { 'x-user': 'jason' } } }, records, { requests })).toEqual(['jason'])
  expect(ids({ given: { header: { 'x-user': 'Jason' } } }, records, { requests })).toEqual([])
})

test.each([
  { given: { fault: 'none' }, success_rate: '>= 50%' },
  { given: { attempts: 1 }, success_rate: '>= 50%' },
  { cluster: 'inventory', success_rate: '>= 50%' },
  { retries: 0 },
  { retries_suppressed: 0 },
  { attempts: 1 },
  { timeouts: 0 },
  { breaker_rejections: 0 },
  { spare_rejections: 0 },
  { attempts_per_request: '<= 1' },
  { retry_amplification: '<= 1' },
])('$given $cluster: a claim that rests on the log of Envoy is inconclusive when requests cannot be joined', (claim) => {
  const joined = Array.from({ length: 100 }, () => good())
  expect(outcome(claim, joined).status).toBe('pass')
  const found = outcome(claim, [...joined, good({ egress: null, attempts: [] })])
  expect(found.status).toBe('inconclusive')
  expect(found.why).toBe(
    '1 of 101 requests was answered, but nobody can say which calls to Envoy were made for it: let the app hand on the header x-request-id or traceparent, so that they can be joined',
  )
  expect(outcome(claim, [...joined, bad({ egress: null, attempts: [], status: null, end: null, error: 'ECONNREFUSED' })]).status).toBe(
    'inconclusive',
  )
})

test('where calls are not known, silence is not zero', () => {
  const records = [...Array.from({ length: 8 }, () => good()), ...Array.from({ length: 2 }, () => good({ egress: null, attempts: [] }))]
  expect(outcome({ attempts: 1 }, records)).toMatchObject({ seen: '1 (8 ×), not known (2 ×)', value: null, examples: [] })
  expect(outcome({ retries: 0 }, records)).toMatchObject({ seen: 'at least 0' })
  expect(outcome({ ejections: 0 }, records).seen).not.toContain('at least')
  const byItself = Array.from({ length: 10 }, () => good({ egress: null, attempts: [], joined: true }))
  expect(outcome({ retries: 0 }, byItself)).toMatchObject({ status: 'inconclusive', seen: '0' })
})

test('what the client alone sees needs no joining', () => {
  const records = Array.from({ length: 400 }, () => good({ egress: null, attempts: [] }))
  expect(outcome({ success_rate: '>= 99%' }, records).status).toBe('pass')
  expect(outcome({ p99: '<= 150ms' }, records).status).toBe('pass')
})

test('requests that an app answers by itself test no policy: few calls are not many requests', () => {
  const byItself = Array.from({ length: 100 }, () => good({ egress: null, attempts: [], joined: true }))
  const calling = (count: number) => outcome({ retries: 0 }, [...byItself, ...Array.from({ length: count }, () => good())])
  expect(calling(4)).toMatchObject({ status: 'inconclusive', why: expect.stringContaining('only 4 of 104 requests led to a call') })
  expect(calling(5).status).toBe('pass')
  // Where there are fewer requests than that, each of them must.
  expect(outcome({ retries: 1 }, [good({ attempts: [attempt(), attempt({ n: 2 })] })]).status).toBe('pass')
})

test('requests that went on beyond the end of their fault must not be what makes a claim hold: the answer with them is another', () => {
  const met = attempt({ hop: hop(['f0']) })
  const faulted = { faults: [{}], phases: [{ name: 'p', faults: [0] }] }
  const within = Array.from({ length: 100 }, (_, i) => bad({ id: `within-${i}`, attempts: [met] }))
  // tried again at 1010 ms, when the phase of 1 s was over, and saved by that
  const beyond = (count: number) =>
    Array.from({ length: count }, (_, i) => good({ id: `beyond-${i}`, due: 990, attempts: [met, attempt({ n: 2, start: 1010 })] }))
  const claim = { given: { fault: 'abort' }, status: 503 }
  // up to three are what the edge of a phase makes now and then
  expect(outcome(claim, [...within, ...beyond(3)], faulted).status).toBe('pass')
  expect(outcome(claim, [...within, ...beyond(8)], faulted)).toMatchObject({
    status: 'inconclusive',
    samples: 100,
    why: expect.stringContaining('8 of 108 requests'),
  })
  // where they change nothing, they bar nothing
  expect(outcome({ given: { fault: 'abort' }, error_rate: '>= 80%' }, [...within, ...beyond(8)], faulted).status).toBe('pass')
})
