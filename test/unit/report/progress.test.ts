import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cells } from '../../../src/report/layout.ts'
import { type ProgressState, plainHeartbeat, plainPhaseLine, progressLine } from '../../../src/report/progress.ts'

const state: ProgressState = {
  phase: { name: 'brownout', index: 1, count: 4 },
  elapsedMs: 6200,
  totalMs: 10_000,
  rps: 199.6,
  errorShare: 0.0123,
  p99Ms: 312.4,
  inFlight: 14,
  runs: null,
  faultsOn: ['delay 400ms on inventory'],
}
const start: ProgressState = { ...state, elapsedMs: 0, rps: 0, errorShare: Number.NaN, p99Ms: null, inFlight: 0, faultsOn: [] }

test.each([
  [120, '2/4 brownout · ━━━━━━──── · 4s left · 200/s · 1.2% errors · p99 312ms · 14 in flight · delay 400ms on inventory'],
  [100, '2/4 brownout · ━━━━━━──── · 4s left · 200/s · 1.2% errors · p99 312ms · delay 400ms on inventory'],
  [60, '2/4 brownout · 4s left · 200/s · 1.2% errors · p99 312ms'],
  [30, '2/4 brownout · 4s left'],
  [8, '2/4 bro…'],
])('in %i cells the parts that matter most are left', (width, line) => {
  expect(progressLine(state, { color: false, width })).toBe(line)
})

test('before the first answer there are dashes', () => {
  expect(progressLine(start, { color: false, width: 80 })).toBe(
    '2/4 brownout · ────────── · 10s left · 0/s · – errors · p99 – · 0 in flight',
  )
})

test('it is never wider than the terminal, and one line', () => {
  const any = fc.record({
    phase: fc.record({ name: fc.string({ unit: 'binary' }), index: fc.nat(99), count: fc.nat(99) }),
    elapsedMs: fc.double(),
    totalMs: fc.double(),
    rps: fc.double(),
    errorShare: fc.double(),
    p99Ms: fc.option(fc.double()),
    runs: fc.option(fc.record({ ended: fc.nat(), total: fc.nat() })),
    inFlight: fc.double(),
    faultsOn: fc.array(fc.string({ unit: 'grapheme' })),
  })
  fc.assert(
    fc.property(any, fc.integer({ min: 1, max: 200 }), fc.boolean(), (progress, width, color) => {
      const line = progressLine(progress, { color, width })
      expect(cells(line)).toBeLessThanOrEqual(width)
      expect(stripVTControlCharacters(line)).not.toMatch(/\n|undefined|NaN|Infinity/)
    }),
  )
})

test('a log has a line at each edge of a phase and a heartbeat in between', () => {
  const done = { ...state, elapsedMs: 10_003 }
  expect(
    [plainPhaseLine(state, 'start'), plainHeartbeat(state), plainPhaseLine(done, 'end'), plainPhaseLine(start, 'start')].join('\n'),
  ).toMatchInlineSnapshot(`
    "phase 2/4 brownout: 10s, faults on: delay 400ms on inventory
    phase 2/4 brownout: 6.2s of 10s, 200/s, 1.2% errors, p99 312ms, 14 in flight
    phase 2/4 brownout: done after 10s, 200/s, 1.2% errors, p99 312ms
    phase 2/4 brownout: 10s, no faults"
  `)
})

test('runs of an app are counted, since nobody knows how long they take', () => {
  const runs: ProgressState = { ...state, runs: { ended: 7, total: 20 }, inFlight: 2, errorShare: 0.25 }
  expect(progressLine(runs, { color: false, width: 120 })).toBe(
    '2/4 brownout · ━━━━────── · 7 of 20 runs · 25% failed · p99 312ms · 2 running · delay 400ms on inventory',
  )
  expect(plainPhaseLine(runs, 'start')).toBe('phase 2/4 brownout: 20 runs, faults on: delay 400ms on inventory')
  expect(plainPhaseLine({ ...runs, runs: { ended: 20, total: 20 } }, 'end')).toBe(
    'phase 2/4 brownout: done after 6.2s, 20 of 20 runs, 25% failed, p99 312ms',
  )
  expect(plainHeartbeat(runs)).toBe('phase 2/4 brownout: after 6.2s, 7 of 20 runs, 25% failed, p99 312ms, 2 running')
})
