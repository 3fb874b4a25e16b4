import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatMs, formatPercent, grouped, parseMs, parsePercent, parseRate } from '../../src/units.ts'

describe('durations', () => {
  test.each([
    ['250ms', 250],
    ['1.5s', 1500],
    ['2m', 120_000],
    ['1m30s', 90_000],
    ['1h', 3_600_000],
    ['500us', 0.5],
    ['0s', 0],
    ['0.0001us', 0],
  ])('parseMs(%s) is %s ms', (text, ms) => expect(parseMs(text)).toBe(ms))

  test.each(['', '10', '-1s', '1 s', 's', '1.s', '.5s', '1S', '1e3ms', '1s ', '1s-1s', '１s', 'Infinitys'])(
    'parseMs(%j) is undefined',
    (text) => expect(parseMs(text)).toBeUndefined(),
  )

  test('a whole number of ms survives being formatted, up to the two decimals that are shown of a second', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000 }), (value) => Math.abs((parseMs(formatMs(value)) ?? Number.NaN) - value) <= 5),
    )
  })

  test.each([
    [0.5, '0.5ms'],
    [400, '400ms'],
    [1500, '1.5s'],
    [90_000, '90s'],
    [120_000, '2m'],
    [86_400_000, '24h'],
  ])('formatMs(%s) is %s', (value, text) => expect(formatMs(value)).toBe(text))
})

describe('percentages', () => {
  test.each([
    ['99%', 0.99],
    ['0%', 0],
    ['100%', 1],
    ['12.5 %', 0.125],
  ])('parsePercent(%s) is %s', (text, value) => expect(parsePercent(text)).toBe(value))

  test.each(['', '%', '101%', '-1%', '1e1%', '99', '100.0001%'])('parsePercent(%j) is undefined', (text) =>
    expect(parsePercent(text)).toBeUndefined(),
  )

  // 99.9 / 100 is 0.9990000000000001: 999 of 1000 would miss a claim of ">= 99.9%".
  test('a share that is exactly k of 1000 equals its percentage', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 1000 }), (k) => parsePercent(`${Math.floor(k / 10)}.${k % 10}%`) === k / 1000))
  })

  test('formatPercent drops zeros', () =>
    expect([formatPercent(0.995), formatPercent(0.5), formatPercent(0.12345, 2)]).toEqual(['99.5%', '50%', '12.35%']))
})

describe('rates', () => {
  test.each([
    ['200/s', 200],
    ['0.5/s', 0.5],
    ['10 /s', 10],
  ])('parseRate(%s) is %s', (text, value) => expect(parseRate(text)).toBe(value))

  test.each(['', '200', '200/m', '-1/s', '/s', '1e3/s'])('parseRate(%j) is undefined', (text) => expect(parseRate(text)).toBeUndefined())
})

test('thousands are set apart as people write them', () => {
  // Spelt, not added: -1 + 0.7 is -0.30000000000000004.
  const withTenths = (whole: number) => fc.nat(9).map((tenths) => (Math.abs(whole) > 1e12 ? whole : Number(`${whole}.${tenths}`)))
  const anyNumber = fc.integer({ min: -1e15, max: 1e15 }).chain(withTenths)
  fc.assert(fc.property(anyNumber, (value) => grouped(value) === value.toLocaleString('en-US')))
})
