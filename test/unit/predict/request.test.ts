import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TryOutcome } from '../../../src/predict/outcome.ts'
import { playRequest, type RequestPolicy } from '../../../src/predict/request.ts'

/** A try that fails with this chance after so many ms, and is else answered after 10. */
function tries(chance: number, ms: number): TryOutcome[] {
  return [
    { chance, ms, status: 503, cut: false, retried: true, atStub: false },
    { chance: 1 - chance, ms: 10, status: 200, cut: false, retried: false, atStub: true },
  ]
}
const POLICY: RequestPolicy = { tries: 3, timeout: 1000, timeoutStatus: 504, patience: 10_000, longestBackOff: (n) => 25 * 2 ** (n - 1) }
const share = ({ outcomes }: ReturnType<typeof playRequest>, status: number | null) =>
  outcomes.reduce((sum, one) => sum + (one.status === status ? one.chance : 0), 0)

describe('tries that fail with the chance 0.1, three of them', () => {
  const played = playRequest([tries(0.1, 100)], POLICY)
  test('0.1³ of the requests fail', () => expect(share(played, 503)).toBeCloseTo(0.001, 9))
  test('1 + 0.1 + 0.01 tries are made', () => expect(played.attempts).toBeCloseTo(1.11, 9))
  test('0.9 of them come to the stub', () => expect(played.atStub).toBeCloseTo(0.999, 9))
  // Each takes 0.1 × 100 + 0.9 × 10 ms.
  test('1.11 × 19 ms of a request a try is under way', () => expect(played.busyMs).toBeCloseTo(1.11 * 19, 6))
  // 0.11 retries of 19 ms; before the first 0 to 24 whole ms are waited, 12 on average, before the second 24.5.
  test('retries take 0.11 × 19 ms and their waits', () => expect(played.retryMs).toBeCloseTo(0.11 * 19 + 0.1 * 12 + 0.01 * 24.5, 6))
})

describe('the timeout', () => {
  test('ends what does not fit: 100 ms, a wait below 25 ms, 100 ms again, with 112 ms in all', () => {
    const played = playRequest([tries(1, 100)], { ...POLICY, timeout: 112 })
    // The second try begins where the wait is 0 to 11 ms (12 of 25); it ends in no case.
    expect(played.attempts).toBeCloseTo(1 + 12 / 25, 9)
    expect(share(played, 504)).toBeCloseTo(1, 9)
  })

  test('0: the client hangs up in the end', () => {
    const played = playRequest([tries(1, 20_000)], { ...POLICY, timeout: 0 })
    expect(share(played, null)).toBeCloseTo(1, 9)
    expect(played.attempts).toBeCloseTo(1, 9)
  })
})

describe('whatever the chance, the policy and the times', () => {
  const anyPolicy = fc.record({
    chance: fc.double({ min: 0, max: 1, noNaN: true }),
    ms: fc.integer({ min: 0, max: 3000 }),
    tries: fc.integer({ min: 1, max: 8 }),
    timeout: fc.integer({ min: 0, max: 20_000 }),
    base: fc.integer({ min: 1, max: 500 }),
  })
  const play = ({ chance, ms, tries: most, timeout, base }: { chance: number; ms: number; tries: number; timeout: number; base: number }) =>
    playRequest([tries(chance, ms)], {
      tries: most,
      timeout,
      timeoutStatus: 504,
      patience: 10_000,
      longestBackOff: (n) => Math.min(base * 2 ** (n - 1), base * 10),
    })

  test('the chances of all ends add up to 1', () =>
    fc.assert(
      fc.property(anyPolicy, (policy) => {
        const sum = play(policy).outcomes.reduce((total, { chance }) => total + chance, 0)
        expect(sum).toBeCloseTo(1, 6)
      }),
      { numRuns: 60 },
    ))

  test('there is one try at least and as many as allowed at most', () =>
    fc.assert(
      fc.property(anyPolicy, (policy) => {
        const { attempts } = play(policy)
        expect(attempts).toBeGreaterThan(1 - 1e-9)
        expect(attempts).toBeLessThan(policy.tries + 1e-9)
      }),
      { numRuns: 60 },
    ))

  test('no request ends after the timeout', () =>
    fc.assert(
      fc.property(anyPolicy, (policy) => {
        const end = policy.timeout > 0 ? Math.min(policy.timeout, 10_000) : 10_000
        for (const { ms } of play(policy).outcomes) expect(ms).toBeLessThanOrEqual(end)
      }),
      { numRuns: 60 },
    ))

  test('more failures never mean more successes', () =>
    fc.assert(
      fc.property(anyPolicy, fc.double({ min: 0, max: 1, noNaN: true }), (policy, part) => {
        const fewer = play({ ...policy, chance: policy.chance * part })
        expect(share(fewer, 200)).toBeGreaterThanOrEqual(share(play(policy), 200) - 1e-9)
      }),
      { numRuns: 60 },
    ))

  test('one more try never means fewer successes', () =>
    fc.assert(
      fc.property(anyPolicy, (policy) => {
        expect(share(play({ ...policy, tries: policy.tries + 1 }), 200)).toBeGreaterThanOrEqual(share(play(policy), 200) - 1e-9)
      }),
      { numRuns: 60 },
    ))
})
