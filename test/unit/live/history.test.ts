import { expect, test } from 'vitest'
import { History, merged } from '../../../src/live/history.ts'
import { Tally } from '../../../src/live/tally.ts'

/** A look at `ended` requests of which `failed` failed, each of so many ms. */
function look(ended: number, failed = 0, latencyMs = 10): Tally {
  const tally = new Tally()
  tally.sent = ended
  for (let i = 0; i < ended; i++) tally.end(latencyMs, i >= failed)
  return tally
}

const total = (history: History, of: (tally: Tally) => number) => history.slots.reduce((sum, { tally }) => sum + of(tally), 0)

test('however long a run is, the history is short and has all of it', () => {
  const history = new History(60, 400)
  const LOOKS = 10_000
  for (let i = 0; i < LOOKS; i++) history.add(look(3, i % 2), 200)
  expect(history.slots.length).toBeLessThanOrEqual(60)
  expect(history.slots.length).toBeGreaterThan(30)
  expect(total(history, (tally) => tally.ended)).toBe(3 * LOOKS)
  expect(total(history, (tally) => tally.failed)).toBe(LOOKS / 2)
  expect(history.slots.reduce((sum, { ms }) => sum + ms, 0)).toBe(200 * LOOKS)
  // 10,000 looks of 200 ms in slots of 400 ms × 2^n, at most 60 of them: 400 × 2^7 = 51.2 s, of which 2000 s make 40.
  expect([...new Set(history.slots.slice(0, -1).map(({ ms }) => ms))]).toEqual([51_200])
})

test('slots as one have the requests, the time and the latencies of all of them', () => {
  const slots = [look(100, 0, 10), look(1, 1, 900), look(5)].map((tally) => ({ ms: 400, tally }))
  const [first, second, ...rest] = merged(slots, 2)
  expect(rest).toEqual([])
  expect([first?.ms, first?.tally.ended, first?.tally.failed]).toEqual([800, 101, 1])
  expect(first?.tally.latency.quantile(1)).toBeGreaterThan(880)
  expect([second?.ms, second?.tally.ended]).toEqual([400, 5])
})

test('of nothing there is no share of errors', () => {
  expect(new Tally().errorShare).toBeNull()
  expect(look(4, 1).errorShare).toBe(0.25)
})
