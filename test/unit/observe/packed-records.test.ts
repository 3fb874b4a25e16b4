import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PackedRecords } from '../../../src/observe/packed-records.ts'
import type { Attempt, RequestRecord } from '../../../src/observe/record.ts'
import { ChangedRecords, numbersOf, type Records } from '../../../src/observe/records.ts'
import { attempt, egress, good } from '../verdict/records.ts'

/** Half milliseconds, which microseconds can say exactly. */
const ms = fc.integer({ min: -20_000, max: 20_000_000 }).map((halves) => halves / 2)
const small = fc.nat(200)
const text = fc.string({ maxLength: 8 })
const orNull = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null })
const flags = fc.array(fc.constantFrom('UT', 'DI', 'FI', 'UO'), { maxLength: 2 })

const anyAttempt: fc.Arbitrary<Attempt> = fc
  .record({
    n: fc.integer({ min: 1, max: 9 }),
    start: ms,
    durationMs: ms,
    poolMs: ms,
    status: fc.constantFrom(0, 200, 503),
    flags,
    replica: orNull(small),
    cutBy: orNull(fc.constantFrom('per_try' as const, 'connect' as const)),
    hop: orNull(fc.record({ start: ms, durationMs: ms, status: fc.constantFrom(0, 200), flags, faults: fc.array(text, { maxLength: 2 }) })),
    stub: orNull(
      fc.record({ arrived: ms, started: ms, due: ms, answered: orNull(ms), status: fc.constantFrom(200, 500), busy: small, queued: small }),
    ),
  })
  .map((parts) => attempt(parts as Partial<Attempt>))

const body = { text: 'shared', bytes: 6, whole: true } as const
const anyRecord: fc.Arbitrary<RequestRecord> = fc
  .record({
    id: fc.integer({ min: 1, max: 1e6 }).map((n) => `r-${n}`),
    request: small,
    phase: fc.nat(3),
    due: ms,
    sent: ms,
    end: orNull(ms),
    status: orNull(fc.constantFrom(200, 503)),
    error: orNull(text),
    success: fc.boolean(),
    edge: fc.boolean(),
    stray: fc.boolean(),
    joined: fc.boolean(),
    body: orNull(fc.constant(body)),
    calls: fc.array(
      fc.record({
        egress: fc.record({ start: ms, durationMs: ms, cluster: orNull(text), details: orNull(text), flags }).map((parts) => egress(parts)),
        attempts: fc.array(anyAttempt, { maxLength: 5 }),
        ingressFaults: fc.array(text, { maxLength: 2 }),
        suits: fc.array(text, { maxLength: 2 }),
      }),
      { maxLength: 3 },
    ),
  })
  .map((parts) => good(parts))

function packed(records: readonly RequestRecord[]) {
  const all = new PackedRecords()
  for (const record of records) all.push(record)
  return all.all
}

test('a packed record comes out as it went in, its times to the microsecond', () => {
  fc.assert(fc.property(fc.array(anyRecord, { maxLength: 20 }), (records) => void expect([...packed(records)]).toEqual(records)))
})

test('times are kept to the microsecond', () => {
  const [record] = [...packed([good({ id: 'r-1', due: 1 / 3, sent: 2 / 3, end: 1 })])]
  expect(record?.due).toBe(0.333)
  // Each of two parts, due and what came after it, is rounded.
  expect(record?.sent).toBe(0.333 + 0.333)
  expect(record?.end).toBe(0.333 + 0.667)
})

test('what is shared stays shared', () => {
  const [first, second] = [...packed([good({ id: 'r-1', body }), good({ id: 'r-2', body })])]
  expect(first?.body).toBe(body)
  expect(second?.body).toBe(body)
})

test('many records fill many chunks, and each is found again', () => {
  const records = Array.from({ length: 20_000 }, (_, i) =>
    good({ id: `r-${i + 1}`, due: i, end: i + 20, attempts: [attempt({ start: i })] }),
  )
  const all = packed(records)
  expect(all.length).toBe(20_000)
  expect(all.slice(19_998, 30_000).map(({ id, due }) => [id, due])).toEqual([
    ['r-19999', 19_998],
    ['r-20000', 19_999],
  ])
  expect(
    Array.from(
      all.filter(({ due }) => due % 5000 === 0),
      ({ id }) => id,
    ),
  ).toEqual(['r-1', 'r-5001', 'r-10001', 'r-15001'])
})

test('a record that is longer than the room of a chunk is kept whole', () => {
  const attempts = Array.from({ length: 2000 }, (_, i) => attempt({ n: i + 1, start: i * 1e6 }))
  const records = [good({ id: 'r-1' }), good({ id: 'r-2', attempts }), good({ id: 'r-3' })]
  expect([...packed(records)]).toEqual(records)
})

const walks: [name: string, walk: (records: Records) => unknown][] = [
  ['filter', (records) => [...records.filter(({ success }) => success)].map(({ id }) => id)],
  ['filter twice', (records) => [...records.filter(({ success }) => success).filter(({ phase }) => phase === 1)].map(({ id }) => id)],
  ['numbersOf', (records) => [...numbersOf(records, ({ calls }) => calls.length)]],
  ['reduce', (records) => records.reduce((sum, { calls }) => sum + calls.length, 0)],
  ['some', (records) => records.some(({ phase }) => phase === 2)],
  ['every', (records) => records.every(({ phase }) => phase < 2)],
  ['find', (records) => records.find(({ phase }) => phase === 1)?.id],
  ['slice', (records) => records.slice(1, 3).map(({ id }) => id)],
]

test.each(walks)('%s gives what an array gives', (_, walk) => {
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 10 }), (records) => void expect(walk(packed(records))).toEqual(walk(records))),
    { numRuns: 30 },
  )
})

test.each(walks)('%s of changed records gives what it gives of an array of them', (_, walk) => {
  const change = (record: RequestRecord) => ({ ...record, phase: record.phase + 1, calls: record.calls.slice(1) })
  fc.assert(
    fc.property(
      fc.array(anyRecord, { maxLength: 10 }),
      (records) => void expect(walk(new ChangedRecords(packed(records), change))).toEqual(walk(records.map(change))),
    ),
    { numRuns: 30 },
  )
})
