import { expect, test } from 'vitest'
import { wallClockOffset } from '../../src/wall-clock.ts'

const OFFSET = 1_700_000_000_000.4
/** What a reading of a clock takes. */
const READING_MS = 0.0001

/** Two clocks of which each reading takes its time, and the `n`-th, counted over both, what `stall` says besides. */
function clocks(stall: (n: number) => number, set: (now: number) => number = () => 0) {
  let now = 100
  let readings = 0
  const pass = () => {
    now += READING_MS + stall(readings++)
    return now
  }
  return {
    steady: pass,
    wall: () => {
      const at = pass()
      return Math.floor(at + OFFSET + set(at))
    },
  }
}

test('the offset is that of the clocks, to a tenth of a millisecond', () => {
  const { steady, wall } = clocks(() => 0)
  expect(Math.abs(wallClockOffset(steady, wall) - OFFSET)).toBeLessThan(0.11)
})

test.each([1, 2, 3, 4, 5])('a process that waits 3 ms at every %d. reading finds the same', (each) => {
  // Of the other readings enough come about a tick.
  const { steady, wall } = clocks((n) => (n % (1000 * each) === each ? 3 : 0))
  expect(Math.abs(wallClockOffset(steady, wall) - OFFSET)).toBeLessThan(0.11)
})

test('a process that waits just at the tick of the wall clock is not misled', () => {
  // The wall clock of OFFSET ticks at 100.6: the reading that crosses it is followed by a pause of 2 ms.
  let crossed = false
  let at = 100
  const steady = () => (at += READING_MS)
  const wall = () => {
    at += READING_MS
    const ms = Math.floor(at + OFFSET)
    if (!crossed && at > 100.6) {
      crossed = true
      at += 2
    }
    return ms
  }
  expect(Math.abs(wallClockOffset(steady, wall) - OFFSET)).toBeLessThan(0.11)
})

test('where every reading is slow the offset is still within what it could be', () => {
  const { steady, wall } = clocks(() => 0.7)
  expect(Math.abs(wallClockOffset(steady, wall) - OFFSET)).toBeLessThan(1)
})

test('a wall clock that is set meanwhile is known by its new time', () => {
  const { steady, wall } = clocks(
    () => 0,
    (now) => (now > 100.3 ? 5000 : 0),
  )
  expect(Math.abs(wallClockOffset(steady, wall) - OFFSET - 5000)).toBeLessThan(0.11)
})

test('the clocks of this machine differ by what was found', () => {
  const offset = wallClockOffset()
  // Date.now() is in whole ms, and this process may have to wait between the readings: bounds that hold all the same.
  const before = performance.now()
  const ms = Date.now()
  const after = performance.now()
  expect(offset).toBeGreaterThan(ms - after - 1)
  expect(offset).toBeLessThan(ms + 1 - before + 1)
})
