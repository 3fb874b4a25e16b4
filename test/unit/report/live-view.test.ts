import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cells } from '../../../src/report/layout.ts'
import { type LiveState, liveLines } from '../../../src/report/live-view.ts'
import { sparkline } from '../../../src/report/sparkline.ts'

const pieces = [0, 100, 200, 200, 150].map((perSecond, i) => ({ perSecond, errorShare: i === 3 ? 0.2 : 0, p99Ms: i === 0 ? null : 25 * i }))
const state: LiveState = {
  phase: { name: 'brownout', index: 1, count: 3 },
  elapsedMs: 2000,
  totalMs: 4000,
  rps: 150,
  sentPerSecond: 200,
  errorShare: 0.012,
  p99Ms: 100,
  inFlight: 14,
  runs: null,
  faultsOn: ['10% delay 400ms on inventory'],
  scenario: { index: 1, count: 5 },
  run: { elapsedMs: 5000, totalMs: 9000 },
  history: (most) => pieces.slice(-most),
  breakers: [
    { cluster: 'inventory', limit: 'max_requests', used: 30, max: 40 },
    { cluster: 'inventory', limit: 'max_retries', used: 3, max: 3 },
  ],
  ejected: [{ cluster: 'inventory', out: 1, hosts: 3 }],
}
const plain = (width: number) => ({ color: false, width })

test('on a wide terminal all of it is there', () => {
  // Of 200/s the rates 0, 100, 200, 150 are levels 0, 4, 7, 5 of 7; of 20 % the errors are level 7; of 100 ms 25 is level 2.
  expect(liveLines(state, plain(100), 30)).toEqual([
    'scenario 2 of 5 · 2/3 brownout · ━━━━━━━━━━────────── · 2s left · run 4s left · 14 in flight',
    '  served   150 of 200/s  ▁▅██▆',
    '  errors   1.2%          ▁▁▁█▁',
    '  p99      100ms          ▃▅▆█',
    '  breakers inventory max_requests ████░░ 30/40 · max_retries ██████ 3/3',
    '  ejected  inventory 1 of 3 hosts',
    '  faults   10% delay 400ms on inventory',
  ])
})

test('of an app that is run to its end, runs are shown', () => {
  const runs = {
    ...state,
    scenario: null,
    runs: { ended: 7, total: 20 },
    inFlight: 1,
    breakers: [],
    ejected: [],
    run: { elapsedMs: 0, totalMs: 0 },
  }
  expect(liveLines(runs, plain(100), 30)).toEqual([
    '2/3 brownout · ━━━━━━━───────────── · 7 of 20 runs · 1 running',
    '  ended    7 of 20 runs  ▁▅██▆',
    '  failed   1.2%          ▁▁▁█▁',
    '  p99      100ms          ▃▅▆█',
    '  faults   10% delay 400ms on inventory',
  ])
})

test('on a narrow one lines lose what matters least', () => {
  expect(liveLines(state, plain(45), 30)).toEqual([
    '2/3 brownout · ━━━━━───── · 2s left',
    '  served   150 of 200/s  ▁▅██▆',
    '  errors   1.2%          ▁▁▁█▁',
    '  p99      100ms          ▃▅▆█',
    '  breakers inventory max_retries 3/3',
    '  ejected  inventory 1 of 3 hosts',
    '  faults   10% delay 400ms on inventory',
  ])
})

test.each([
  [1, ['2/3 brownout']],
  [3, ['2/3 brownout', '  served', '  errors']],
  [5, ['2/3 brownout', '  served', '  errors', '  p99', '  faults']],
  [6, ['2/3 brownout', '  served', '  errors', '  p99', '  breakers', '  faults']],
])('in %i lines the ones that matter most are left', (height, starts) => {
  const lines = liveLines({ ...state, scenario: null }, plain(60), height)
  expect(lines.map((line, i) => line.slice(0, (starts[i] as string).length))).toEqual(starts)
})

test('of many clusters the fullest are shown, in their order', () => {
  const breakers = [0.1, 0.9, 0.2, 0.8, 0.7].map((share, i) => ({
    cluster: `c${i}`,
    limit: 'max_requests' as const,
    used: share * 100,
    max: 100,
  }))
  const shown = liveLines({ ...state, breakers }, plain(100), 30).flatMap((line) => /c\d/.exec(line)?.[0] ?? [])
  expect(shown).toEqual(['c1', 'c3', 'c4'])
})

test('it is never wider or higher than the terminal, and nothing in it moves the cursor', () => {
  const figure = fc.double()
  const words = fc.string({ unit: 'binary', maxLength: 30 })
  const any = fc.record({
    phase: fc.record({ name: words, index: fc.nat(99), count: fc.nat(99) }),
    elapsedMs: figure,
    totalMs: figure,
    rps: figure,
    sentPerSecond: figure,
    errorShare: figure,
    p99Ms: fc.option(figure),
    inFlight: figure,
    runs: fc.option(fc.record({ ended: fc.nat(), total: fc.nat() })),
    faultsOn: fc.array(words),
    scenario: fc.option(fc.record({ index: fc.nat(9), count: fc.nat(9) })),
    run: fc.record({ elapsedMs: figure, totalMs: figure }),
    history: fc
      .array(fc.record({ perSecond: figure, errorShare: fc.option(figure), p99Ms: fc.option(figure) }), { maxLength: 60 })
      .map((all) => (most: number) => (most > 0 ? all.slice(-most) : [])),
    breakers: fc.array(
      fc.record({
        cluster: fc.constantFrom('a', 'inventory', 'x'.repeat(60)),
        limit: fc.constantFrom('max_requests' as const, 'max_retries' as const),
        used: fc.nat(5000),
        max: fc.integer({ min: 1, max: 4_294_967_295 }),
      }),
      { maxLength: 12 },
    ),
    ejected: fc.array(fc.record({ cluster: fc.constantFrom('a', 'x'.repeat(60)), out: fc.nat(20), hosts: fc.nat(20) }), { maxLength: 4 }),
  })
  fc.assert(
    fc.property(any, fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 40 }), fc.boolean(), (live, width, height, color) => {
      const lines = liveLines(live, { color, width }, height)
      expect(lines.length).toBeLessThanOrEqual(height)
      expect(lines.length).toBeGreaterThan(0)
      for (const line of lines) {
        expect(cells(line)).toBeLessThanOrEqual(width)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
        expect(stripVTControlCharacters(line)).not.toMatch(/[\u0000-\u001f]|undefined|NaN|Infinity/)
      }
    }),
  )
})

test.each([
  [[0, 50, 100], 100, '▁▅█'],
  [[0, 0.001, null, 7], 100, '▁▂ ▂'],
  [[0, 0], 0, '▁▁'],
  [[Number.NaN, -1, 200], 100, ' ▁█'],
  [[], 1, ''],
])('the sparkline of %j up to %d is %j', (values, top, line) => expect(sparkline(values, top)).toBe(line))
