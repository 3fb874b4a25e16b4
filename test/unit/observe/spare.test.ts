import { expect, test } from 'vitest'
import type { Ejection } from '../../../src/observe/observations.ts'
import type { RequestRecord } from '../../../src/observe/record.ts'
import { countSpare } from '../../../src/observe/spare.ts'
import { attempt, egress, good, hop } from '../verdict/records.ts'

const LIMIT = 2

interface Upstream {
  /** Of each replica. */
  workers?: (number | undefined)[]
  limit?: number
  ejections?: Ejection[]
  foreignCalls?: number
  unreachable?: number
}

/** How many refusals of the first phase were spare. */
function spare(records: RequestRecord[], { workers = [4], limit = LIMIT, ejections = [], foreignCalls = 0, unreachable }: Upstream = {}) {
  const servers = workers.map((own, i) => ({
    cluster: 'inventory',
    replica: i + 1,
    ...(own === undefined ? {} : { workers: own }),
    ...(i + 1 === unreachable ? { unreachable: true } : {}),
  }))
  const found = countSpare({
    scenario: { envoy: { clusters: { inventory: { circuit_breakers: { max_requests: limit } } } } },
    plan: { stubs: { servers } },
    observations: { records: records.sort((a, b) => a.due - b.due), ejections, foreignCalls },
  } as unknown as Parameters<typeof countSpare>[0])(0)
  return found.get('inventory')
}

const stub = (from: number, to: number) => ({ arrived: from, started: from, due: to, answered: to, status: 200, busy: 1, queued: 0 })

/** At work from one time to another, as Envoy and the stub see it alike. */
const work = (from: number, to: number, parts: Parameters<typeof attempt>[0] = {}, record: Parameters<typeof good>[0] = {}) =>
  good({
    due: from,
    egress: egress({ start: from, durationMs: to - from }),
    attempts: [attempt({ start: from, durationMs: to - from, hop: { ...hop(), start: from }, stub: stub(from, to), ...parts })],
    ...record,
  })
const works = (count: number, from: number, to: number, parts = {}) => Array.from({ length: count }, () => work(from, to, parts))

const refused = (at: number, by: 'max_requests' | 'max_pending_requests' = 'max_requests', parts = {}) =>
  good({ due: at, status: 503, attempts: [], egress: egress({ start: at, durationMs: 0, rejectedBy: by }), ...parts })

const SURE = { least: 1, most: 1 }
const OPEN = { least: 0, most: 1 }
const NONE = { least: 0, most: 0 }

test('a refusal while fewer work than there are workers is spare', () => {
  expect(spare([...works(2, 0, 100), refused(50)])).toEqual(SURE)
})

test('a refusal while all workers work is not', () => {
  expect(spare([...works(4, 0, 100), refused(50)], { limit: 4 })).toEqual(NONE)
  expect(spare([...works(4, 0, 100), refused(50, 'max_pending_requests')])).toEqual(NONE)
})

test('a limit as high as the workers is full when it refuses, whatever milliseconds leave open', () => {
  // One leaves and one comes at 50: of 3 it is sure, 5 may be there; as many as the limit were.
  const changing = [...works(3, 0, 100), work(0, 50), work(50, 100)]
  expect(spare([...changing, refused(50)], { limit: 4 })).toEqual(NONE)
  expect(spare([...changing, refused(50, 'max_pending_requests')])).toEqual(OPEN)
  // One lower than the workers: 3 and no more.
  expect(spare([...changing, refused(50)], { limit: 3 })).toEqual(SURE)
})

test.each([
  [47.9, NONE],
  [48.1, OPEN],
  [49, OPEN],
  // Its end is logged in whole milliseconds; 51 at the latest, and two clocks may differ by 2.
  [52.9, OPEN],
  [53.1, SURE],
])('of 4 workers one comes free at 50; a refusal at %d', (at, expected) => {
  const ended = work(0, 50, {}, { egress: egress({ start: 0, durationMs: 60 }) })
  expect(spare([...works(3, 0, 100), ended, refused(at, 'max_pending_requests')])).toEqual(expected)
})

test('a request on its way takes its worker, one that a fault holds does not', () => {
  const late = { stub: stub(80, 100) }
  expect(spare([...works(4, 0, 100, late), refused(50)], { limit: 4 })).toEqual(NONE)
  const held = { ...late, hop: { ...hop(['f0']), start: 0 } }
  expect(spare([...works(4, 0, 100, held), refused(50)], { limit: 4 })).toEqual(SURE)
  expect(spare([...works(4, 0, 100, held), refused(90)], { limit: 4 })).toEqual(NONE)
})

test('a request that waits for a connection takes none', () => {
  const waits = { hop: { ...hop(), start: 90 }, poolMs: 90, stub: stub(90, 100) }
  expect(spare([...works(1, 0, 100), ...works(3, 0, 100, waits), refused(50, 'max_pending_requests')])).toEqual(SURE)
})

test('one that no stub saw takes none', () => {
  expect(spare([...works(4, 0, 100, { stub: null }), refused(50)], { limit: 4 })).toEqual(SURE)
})

test('work goes on when its caller has hung up', () => {
  const left = works(2, 0, 20, { status: 0, stub: stub(0, 100) })
  expect(spare([...left, ...works(2, 30, 100), refused(50)])).toEqual(NONE)
  expect(spare([...left, ...works(2, 30, 200), refused(150)])).toEqual(SURE)
})

test('a line before one replica does not take the workers of another', () => {
  // 4 in flight: 3 at the one replica, of which one waits in line, and 1 at the other
  const records = () => [...works(3, 0, 100, { replica: 1 }), ...works(1, 0, 100, { replica: 2 }), refused(50)]
  expect(spare(records(), { workers: [2, 2], limit: 4 })).toEqual(SURE)
  expect(spare(records(), { workers: [3, 1], limit: 4 })).toEqual(NONE)
})

test('workers behind a port that takes no connection are none', () => {
  expect(spare([...works(2, 0, 100), refused(50)], { workers: [2, 2], unreachable: 2 })).toEqual(NONE)
})

test('while a host is ejected nothing is spare for sure', () => {
  const records = () => [...works(2, 0, 100), refused(50)]
  expect(spare(records(), { ejections: [{ cluster: 'inventory', from: 40, to: 60 }] })).toEqual(OPEN)
  expect(spare(records(), { ejections: [{ cluster: 'cart', from: 40, to: 60 }] })).toEqual(SURE)
  expect(spare(records(), { ejections: [{ cluster: 'inventory', from: 60, to: 70 }] })).toEqual(SURE)
})

test('calls that nobody can place leave every refusal open', () => {
  expect(spare([...works(2, 0, 100), refused(50)], { foreignCalls: 1 })).toEqual(OPEN)
  expect(spare([...works(4, 0, 100), refused(50)], { foreignCalls: 1, limit: 4 })).toEqual(OPEN)
})

test('work of the warm-up and of other phases takes workers; refusals count in their own phase', () => {
  const before = works(4, 0, 100).map((record) => ({ ...record, phase: -1 }))
  expect(spare([...before, refused(50, 'max_pending_requests')])).toEqual(NONE)
  expect(spare([refused(50), refused(60, 'max_requests', { phase: 1 })])).toEqual(SURE)
})

test('a refused retry is seen when it was refused, not when its request began', () => {
  const retried = good({
    due: 0,
    egress: egress({ start: 0, durationMs: 150, rejectedBy: 'max_pending_requests' }),
    attempts: [attempt({ start: 0, durationMs: 10, status: 503, hop: { ...hop(), start: 0 }, stub: stub(0, 10) })],
  })
  expect(spare([retried, ...works(4, 0, 100)])).toEqual(SURE)
  expect(spare([retried, ...works(4, 100, 200)])).toEqual(NONE)
})

test('without a limit of workers it is not counted', () => {
  expect(spare([refused(50)], { workers: [undefined] })).toBeUndefined()
})
