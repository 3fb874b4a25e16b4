import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MinHeap } from '../../../src/upstream/heap.ts'

// + 0: of the two zeros, which are equal, only one is used.
test('taking everything out gives the numbers in ascending order', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true }).map((value) => value + 0)), (values) => {
      const heap = new MinHeap()
      for (const value of values) heap.add(value)
      expect(values.map(() => heap.take())).toEqual(values.toSorted((a, b) => a - b))
    }),
  )
})

// A negative number here stands for "take one out".
test('the least is right after any mixture of adding and taking', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -50, max: 100 })), (steps) => {
      const heap = new MinHeap()
      let model: number[] = []
      for (const step of steps) {
        if (step >= 0) {
          heap.add(step)
          model = [...model, step].toSorted((a, b) => a - b)
        } else {
          expect(heap.take()).toBe(model[0])
          model = model.slice(1)
        }
        expect([heap.least, heap.size]).toEqual([model[0], model.length])
      }
    }),
  )
})
