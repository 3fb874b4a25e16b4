import { expect, test } from 'vitest'
import { erlangLoss } from '../../../src/statistics/erlang.ts'

// B(a, n) = (a^n / n!) / Σ a^k / k!: for one place a / (1 + a), for two a²/2 / (1 + a + a²/2).
test.each([
  [1, 1, 1 / 2],
  [3, 1, 3 / 4],
  [1, 2, 0.5 / 2.5],
  [2, 2, 2 / 5],
  [0.5, 0, 1],
  [0, 3, 0],
])('of %d offered to %i places, %d is turned away', (offered, places, loss) => expect(erlangLoss(offered, places)).toBeCloseTo(loss, 12))

test('a limit far above the load turns nobody away, and does not take long to say so', () => expect(erlangLoss(5, 1e9)).toBe(0))
