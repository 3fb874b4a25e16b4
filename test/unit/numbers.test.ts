import { expect, test } from 'vitest'
import { Numbers } from '../../src/numbers.ts'

test('numbers come out as they went in, however many there are, and whatever was expected', () => {
  for (const expected of [undefined, 0, 1, 5000, 9000]) {
    const numbers = new Numbers(Float64Array, expected)
    for (let i = 0; i < 5000; i++) numbers.push(i / 2)
    expect(numbers.length).toBe(5000)
    expect(numbers.at(4999)).toBe(2499.5)
    expect([...numbers.all]).toEqual(Array.from({ length: 5000 }, (_, i) => i / 2))
  }
})

test('none are none', () => {
  expect(new Numbers(Uint32Array).all).toEqual(new Uint32Array(0))
})
