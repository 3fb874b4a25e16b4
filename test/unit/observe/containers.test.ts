import { describe, expect, test } from 'vitest'
import type { StatsSnapshot } from '../../../src/envoy/stats.ts'
import { readCalls } from '../../../src/observe/calls.ts'
import { weighFaults } from '../../../src/observe/evidence.ts'
import { PackedRecords } from '../../../src/observe/packed-records.ts'
import type { AttemptLine, EgressLine, HopLine, Logs } from '../../../src/observe/parse-logs.ts'
import type { RequestRecord } from '../../../src/observe/record.ts'
import { Soundness } from '../../../src/observe/sound.ts'
import type { Plan, PlannedFault } from '../../../src/plan/plan.ts'
import { attempt, good, hop, many, world } from '../verdict/records.ts'

/** A container keeps no journal: what came to it is told by the router of its hop, which knows nothing of the faults. */

const START_MS = 1_000_000
/** Epoch seconds with six decimals, as Envoy writes them. */
const at = (ms: number) => ((START_MS + ms) / 1000).toFixed(6)

const egressLine = (parts: Partial<EgressLine> = {}) =>
  ({
    call: 'c-1',
    id: 'r-1',
    start: at(5),
    us: 9000,
    ms: 9,
    status: 200,
    flags: '-',
    details: 'via_upstream',
    cluster: 'db',
    route: 'route-1',
    host: 'h',
    attempts: 1,
    ...parts,
  }) as EgressLine
const attemptLine = (parts: Partial<AttemptLine> = {}) =>
  ({
    call: 'c-1',
    id: 'r-1',
    n: '1',
    start: at(5),
    ms: 9,
    status: 200,
    flags: '-',
    cluster: 'db',
    host: 'h',
    replica: 'db/1',
    pool: 0,
    failure: null,
    ...parts,
  }) as AttemptLine
const hopLine = (parts: Partial<HopLine> = {}) =>
  ({
    call: 'c-1',
    id: 'r-1',
    n: '1',
    hop: 'db/1',
    start: at(6),
    ms: 8,
    status: 200,
    flags: '-',
    sent: 1500,
    host: '10.0.0.1:80',
    ...parts,
  }) as HopLine

const logsOf = (lines: Partial<Logs> = {}): Logs => ({
  egress: [egressLine()],
  attempts: [attemptLine()],
  hop: [hopLine()],
  journal: [],
  broken: 0,
  ...lines,
})

describe('an attempt at a container', () => {
  const attemptOf = (line: HopLine) =>
    readCalls(logsOf({ hop: [line] }), START_MS, {
      policy: { hedgedRoutes: [], budgetedClusters: [], connectTimeouts: {}, routedBy: [] },
      faults: [],
    })[0]?.attempts[0]

  test.each([
    ['came to it when its hop sent it on', hopLine(), 7.5],
    ['never came to it where a fault answered', hopLine({ sent: null, host: null, status: 503, flags: 'FI' }), null],
    ['came as far as connecting where that failed, until the hop gave up', hopLine({ sent: null, status: 503, flags: 'UF' }), 14],
  ])('%s', (_, line, sentOn) => expect(attemptOf(line)).toMatchObject({ sentOn, stub: null }))

  test('is told from one at a stub, of which the hop says nothing', () => {
    const { sent: _, host: __, ...line } = hopLine()
    expect(attemptOf(line)).not.toHaveProperty('sentOn')
  })

  test.each([7.5, null, undefined])('is kept packed as it is: sentOn %s', (sentOn) => {
    const packed = new PackedRecords()
    const own = attempt(sentOn === undefined ? {} : { sentOn })
    packed.push(good({ id: 'r-1', attempts: [own] }))
    expect([...packed.all][0]?.calls[0]?.attempts[0]).toEqual(own)
  })
})

describe('the evidence of a container is sound', () => {
  const plan = { ...world({ expect: [] }).plan, containers: [{ cluster: 'db', replica: 1 }] } as unknown as Plan
  const counters = (sentOn: number, attempts = 1) => ({
    'cluster.db.upstream_rq_total': attempts,
    'cluster.stub/db/1.upstream_rq_total': sentOn,
  })
  const told = (logs: Logs, last: StatsSnapshot, of = plan) => {
    const sound = new Soundness(of)
    sound.add(logs)
    const raw = { client: { clockShift: 0 }, last, logs: { lots: [], outlier: '', journalLines: 0 } }
    return sound.told([good()], raw as unknown as Parameters<Soundness['told']>[1])
  }

  test('without a journal, where the counter of its hop says what the log of that does', () =>
    expect(told(logsOf(), counters(1))).toEqual([]))

  test('where the hop could not connect: that is wanted, and not sent', () => {
    const refused = logsOf({ hop: [hopLine({ sent: null, status: 503, flags: 'UF' })] })
    expect(told(refused, counters(0))).toEqual([])
    expect(told(refused, counters(1))).toEqual([])
  })

  test.each([
    ['more was sent on than the log has', 2],
    ['less was sent on than the log has', 0],
  ])('not where %s', (_, counted) =>
    expect(told(logsOf(), counters(counted))).toEqual([
      `Envoy counted ${counted} request${counted === 1 ? '' : 's'} that it sent on to db/1, but the log of its hop has 1`,
    ]),
  )

  test('not where the log of its hop lost a line', () =>
    expect(told(logsOf({ hop: [] }), counters(1))).toContain('r-1 is in the attempts log, but not in the hop log'))

  test('a stub must have its journal all the same', () =>
    expect(told(logsOf(), {}, { ...plan, containers: [] })).toEqual(['r-1 is in the hop log, but not in the journal log']))
})

describe('a fault at a container', () => {
  function weigh(fault: Partial<PlannedFault>, records: RequestRecord[], counted: number) {
    const { plan } = world({ phases: [{ name: 'p', faults: [0] }], faults: [fault], records, expect: [] })
    const counter = `http.hop_inventory_1.fault.${fault.action?.kind === 'delay' ? 'delays' : 'aborts'}_injected`
    const times = { from: 0, applied: 0, to: 1000, complete: true, before: {}, lateness: { beats: [], sends: [] } }
    return weighFaults(plan, { records, foreign: [] }, [{ ...times, after: { [counter]: counted } }])[0]
  }
  const passed = (sentOn = 1, faults: string[] = []) => good({ attempts: [attempt({ hop: hop(faults), sentOn })] })
  const aborted = () => good({ status: 503, attempts: [attempt({ status: 503, hop: hop(['f0']), sentOn: null })] })
  const ABORT = { action: { kind: 'abort', value: 503 }, percent: 10 } as const
  const DELAY = { action: { kind: 'delay', value: 400 }, percent: 10 } as const

  test('an abort is beyond doubt where the hop sent nothing on of what is marked', () => {
    expect(weigh(ABORT, [...many(10, aborted), ...many(90, () => passed())], 10)).toMatchObject({ met: 10, inferred: 10, doubt: null })
  })

  test('an abort is in doubt where the hop sent on what is marked', () => {
    expect(weigh(ABORT, [...many(10, () => passed(1, ['f0'])), ...many(90, () => passed())], 10)?.doubt).toContain(
      'the other side of it shows 0',
    )
  })

  test('an answer of the container with the status of the abort is no abort', () => {
    const own = () => good({ status: 503, attempts: [attempt({ status: 503, sentOn: 1 })] })
    expect(weigh(ABORT, [...many(10, aborted), ...many(90, own)], 10)).toMatchObject({ inferred: 10, doubt: null })
  })

  test('a delay is beyond doubt where the hop sent on so much later what is marked', () => {
    expect(weigh(DELAY, [...many(10, () => passed(402, ['f0'])), ...many(90, () => passed())], 10)).toMatchObject({
      inferred: 10,
      doubt: null,
    })
  })

  test.each([1, 200, 800])('a delay of 400 ms is in doubt where the hop sent on after %i ms', (sentOn) => {
    expect(weigh(DELAY, [...many(10, () => passed(sentOn, ['f0'])), ...many(90, () => passed())], 10)?.doubt).not.toBeNull()
  })
})
