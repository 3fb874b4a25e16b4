import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LevelSweep } from '../../../src/page/level-sweep.ts'

const AXIS = { step: 100, count: 4 }

test('a level is the most at any instant, and the average over the time, of each stretch', () => {
  const sweep = new LevelSweep(AXIS)
  sweep.add(50, 250)
  sweep.add(60, 70)
  // 50 + 10 of 100 ms in the first stretch, all of the second, 50 of the third; two at once only in the first.
  expect(sweep.end()).toEqual({ peak: [2, 1, 1, 0], mean: [0.6, 1, 0.5, 0] })
})

test('one that ends as another begins has left its place to it', () => {
  const sweep = new LevelSweep(AXIS)
  sweep.add(0, 150)
  sweep.add(150, 200)
  expect(sweep.end().peak).toEqual([1, 1, 0, 0])
})

test('what goes on beyond the axis counts up to its end', () => {
  const sweep = new LevelSweep(AXIS)
  sweep.add(350, Number.POSITIVE_INFINITY)
  expect(sweep.end()).toEqual({ peak: [0, 0, 0, 1], mean: [0, 0, 0, 0.5] })
})

test('any stays, added in the order of their begin, are counted as by looking at each instant', () => {
  const stay = fc.tuple(fc.nat(399), fc.nat(200)).map(([from, length]) => ({ from, to: from + length }))
  fc.assert(
    fc.property(fc.array(stay), (stays) => {
      const sweep = new LevelSweep(AXIS)
      for (const { from, to } of stays.toSorted((a, b) => a.from - b.from)) {
        sweep.upTo(from)
        sweep.add(from, to)
      }
      // Begins and ends are whole ms: between two of them nothing changes.
      const openAt = (ms: number) => stays.filter(({ from, to }) => from <= ms && ms < to).length
      const each = [0, 1, 2, 3].map((stretch) => Array.from({ length: 100 }, (_, i) => openAt(stretch * 100 + i)))
      expect(sweep.end()).toEqual({
        peak: each.map((counts) => Math.max(...counts)),
        mean: each.map((counts) => Number((counts.reduce((sum, one) => sum + one, 0) / 100).toFixed(2))),
      })
    }),
  )
})
