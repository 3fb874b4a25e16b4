import { expect } from 'vitest'
import { atLeast, atMost } from '../../src/statistics/binomial.ts'

/**
 * The suite makes 14 such comparisons with what Envoy draws. At the 99.9 % of a fault's evidence one of them would fail in 1 of 80
 * runs of the suite although nothing is wrong; with this chance left on either side, in 1 of 70,000.
 */
const TAIL = 5e-7

/** Whether so many of n independent draws with this chance are what chance makes of it in all but one of a million runs. */
const couldBe = (hits: number, n: number, share: number) => atMost(hits, n, share) >= TAIL && atLeast(hits, n, share) >= TAIL

/** That so many of n independent draws came out this way, each with this chance. */
export function expectDrawn(hits: number, n: number, share: number): void {
  expect(couldBe(hits, n, share), `${hits} of ${n}, each with a chance of ${share}`).toBe(true)
}
