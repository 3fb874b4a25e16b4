import { describe, expect, test } from 'vitest'
import type { StatsSnapshot } from '../../../src/envoy/stats.ts'
import { requestId } from '../../../src/load/client-log.ts'
import { weighFaults } from '../../../src/observe/evidence.ts'
import type { RequestRecord } from '../../../src/observe/record.ts'
import type { PlannedFault } from '../../../src/plan/plan.ts'
import { attempt, good, hop, many, world } from '../verdict/records.ts'

/** 100 attempts that matched, of which `met` are marked; what the next station saw is up to the test. */
function weigh(fault: Partial<PlannedFault>, records: RequestRecord[], counted: number) {
  const { plan } = world({ phases: [{ name: 'p', faults: [0] }], faults: [fault], records, expect: [] })
  const counter = `http.hop_inventory_1.fault.${fault.action?.kind === 'delay' ? 'delays' : 'aborts'}_injected`
  const after: StatsSnapshot = { [counter]: counted }
  const [evidence] = weighFaults(plan, { records, foreign: [] }, [
    { from: 0, applied: 0, to: 1000, complete: true, before: {}, after, lateness: { beats: [], sends: [] } },
  ])
  return evidence
}

const seen = (afterMs: number) => ({ arrived: afterMs, started: afterMs, due: afterMs, answered: afterMs, status: 200, busy: 1, queued: 0 })
const passed = (lag = 1, faults: string[] = []) => good({ attempts: [attempt({ hop: hop(faults), stub: seen(lag) })] })
const aborted = () => good({ status: 503, attempts: [attempt({ status: 503, hop: hop(['f0']) })] })
const ABORT = { action: { kind: 'abort', value: 503 }, percent: 10 } as const
const DELAY = { action: { kind: 'delay', value: 400 }, percent: 10 } as const

test('an abort that all sources agree on is beyond doubt', () => {
  const evidence = weigh(ABORT, [...many(10, aborted), ...many(90, () => passed())], 10)
  expect(evidence).toMatchObject({ matched: 100, met: 10, counted: 10, inferred: 10, doubt: null })
})

test.each([
  { what: 'no attempt met it', records: many(100, () => passed()), counted: 0, says: 'never fired' },
  { what: 'nothing came', records: [], counted: 0, says: 'never fired: no attempt came to' },
  { what: 'it missed its share', records: [...many(40, aborted), ...many(60, () => passed())], counted: 40, says: 'missed its share' },
  {
    what: 'the counter says otherwise',
    records: [...many(10, aborted), ...many(90, () => passed())],
    counted: 20,
    says: "Envoy's counter gained 20",
  },
  {
    what: 'the stub saw what was marked as aborted',
    records: [...many(10, () => passed(1, ['f0'])), ...many(90, () => passed())],
    counted: 10,
    says: 'the other side of it shows 0',
  },
])('an abort is in doubt where $what', ({ records, counted, says }) => {
  expect(weigh(ABORT, records, counted)?.doubt).toContain(says)
})

describe.each([1, 2, 3])('of an abort that was met %d times, which is within what the edges of a phase explain', (met) => {
  const others = many(10 * met - met, () => passed())

  test('all sources agree', () => {
    expect(weigh(ABORT, [...many(met, aborted), ...others], met)).toMatchObject({ met, doubt: null })
  })

  test('a counter that gained nothing is a doubt', () => {
    expect(weigh(ABORT, [...many(met, aborted), ...others], 0)?.doubt).toContain(`counter gained 0, its access log has ${met}`)
  })

  test('a stub that saw them all is a doubt', () => {
    expect(weigh(ABORT, [...many(met, () => passed(1, ['f0'])), ...others], met)?.doubt).toContain('the other side of it shows 0')
  })
})

test('a delay that was met once, and that the stub did not see, is in doubt', () => {
  expect(weigh(DELAY, [passed(1, ['f0']), ...many(9, () => passed())], 1)?.doubt).toContain('the other side of it shows 0')
})

test('a delay is beyond doubt where the stub saw what is marked so much later than the rest', () => {
  const records = [...many(10, () => passed(402, ['f0'])), ...many(90, () => passed())]
  expect(weigh(DELAY, records, 10)).toMatchObject({ met: 10, inferred: 10, doubt: null })
})

test.each([200, 800])('a delay of 400 ms that took %i ms is in doubt', (lag) => {
  const records = [...many(10, () => passed(lag, ['f0'])), ...many(90, () => passed())]
  expect(weigh(DELAY, records, 10)?.doubt).toMatch(/took (199|799)ms|shows 0/)
})

test('a fault of 100 percent is in doubt after one that did not meet it', () => {
  const records = [...many(99, aborted), passed()]
  expect(weigh({ ...ABORT, percent: 100 }, records, 99)?.doubt).toContain('missed its share')
})

describe('of a fault that chooses its requests, any other number is a doubt', () => {
  const CHOSEN = { ...ABORT, chosen: { source: 'every: 10', requests: new Set([9, 19, 29]), of: 30 } }
  const records = (isMet: (index: number) => boolean) =>
    Array.from({ length: 30 }, (_, index) => ({ ...(isMet(index) ? aborted() : passed()), id: requestId(index) }))
  const isChosen = (index: number) => index % 10 === 9

  test('exactly those', () => {
    expect(weigh(CHOSEN, records(isChosen), 3)).toMatchObject({ matched: 30, met: 3, metRequests: 3, doubt: null })
  })

  test.each([
    ['one of them did not meet it', (index: number) => isChosen(index) && index !== 19, '2 of 3 requests met it (not so r-20)'],
    ['another one met it', (index: number) => isChosen(index) || index === 4, '1 attempt of other requests met it'],
    [
      'another one met it in the place of one of them',
      (index: number) => (isChosen(index) && index !== 9) || index === 4,
      '2 of 3 requests met it (not so r-10)',
    ],
  ])('%s', (_, isMet, says) => {
    const met = Array.from({ length: 30 }, (_, index) => index).filter(isMet).length
    expect(weigh(CHOSEN, records(isMet), met)?.doubt).toContain(says)
  })

  test('one of them came when another phase had begun, which leaves it out', () => {
    const late = records(isChosen).map((record) => (record.id === requestId(19) ? { ...record, stray: true } : record))
    expect(weigh(CHOSEN, late, 3)?.doubt).toContain('2 of 3 requests met it (not so r-20, which came too late for the faults of its phase)')
  })

  test('a try of theirs was spared', () => {
    const [first, ...others] = records(isChosen)
    const spared = {
      ...others[8],
      ...good({ attempts: [...aborted().calls.flatMap(({ attempts }) => attempts), attempt({ n: 2, hop: hop([]), stub: seen(1) })] }),
      id: requestId(9),
    }
    expect(weigh(CHOSEN, [first as RequestRecord, ...others.slice(0, 8), spared, ...others.slice(9)], 3)?.doubt).toContain(
      '1 attempt of theirs did not meet it',
    )
  })
})
