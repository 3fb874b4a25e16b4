import { expect, test } from 'vitest'
import { RampTally } from '../../../src/observe/ramp.ts'
import type { PhaseTimes } from '../../../src/observe/timeline.ts'

const LATENESS = { beats: [], sends: [] }
/** A ramp from 0 to 100 % in ten steps over a second: 5, 15, … 95 %. Each takes 4 ms to be confirmed. */
const TIMES: PhaseTimes = {
  from: 0,
  applied: 4,
  to: 1000,
  complete: true,
  before: {},
  after: {},
  lateness: LATENESS,
  steps: Array.from({ length: 10 }, (_, i) => ({ from: 100 * i, applied: 100 * i + 4, percents: { a: 10 * i + 5 } })),
}
/** One chance in the middle of each step, so many times. */
const middles = (times: number) => Array.from({ length: 10 * times }, (_, i) => 100 * (i % 10) + 50)

function tallied(isMet: (at: number, i: number) => boolean, times = 40): RampTally {
  const tally = new RampTally('a', TIMES)
  for (const [i, at] of middles(times).entries()) tally.add(at, at, isMet(at, i))
  return tally
}

test('what is expected is the mean of the percentages in force at the times of its chances', () => {
  expect(tallied(() => true).share().expected).toBeCloseTo(0.5, 12)
  const early = new RampTally('a', TIMES)
  for (const at of [50, 150]) early.add(at, at, false)
  expect(early.share()).toEqual({ expected: expect.closeTo(0.1, 12), least: 0, most: 2 })
})

test('what is accepted is closer than of as many draws of the mean', () => {
  const { least, most } = tallied(() => true).share()
  // 40 draws of each of 5, 15, … 95 %: a variance of 40 * (2 * (.05*.95 + .15*.85 + .25*.75 + .35*.65 + .45*.55)) = 67; 3.29 * 8.2 = 27
  expect([least, most]).toEqual([173, 227])
})

test('a share that followed it is sound, one that stood still at the same mean is not', () => {
  const followed = tallied((at, i) => Math.floor(i / 10) < 0.4 * ((at + 0) / 10))
  expect(followed.wrongHalf()).toBeNull()
  const still = tallied((_, i) => Math.floor(i / 10) % 2 === 0)
  expect(still.share()).toMatchObject({ least: 173, most: 227 })
  expect(still.wrongHalf()).toMatch(/^in the first half of its phase 100 of 200 met it; /)
})

test('while a step is being confirmed, either percentage may have been in force', () => {
  const sure = new RampTally('a', TIMES)
  const unsure = new RampTally('a', TIMES)
  for (let i = 0; i < 200; i++) {
    sure.add(450, 450, true)
    unsure.add(502, 502, true)
  }
  const width = ({ least, most }: { least: number; most: number }) => most - least
  expect(width(unsure.share())).toBeGreaterThan(width(sure.share()) + 15) // 45 to 55 % of 200
})

test('what was held until its phase was over may have met nothing', () => {
  const tally = new RampTally('a', TIMES)
  for (let i = 0; i < 100; i++) tally.add(950, 1050, false)
  expect(tally.share().least).toBe(0)
})
