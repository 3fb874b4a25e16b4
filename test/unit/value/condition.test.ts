import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Condition, conditionPattern, holds, parseCondition, type Quantity } from '../../../src/value/condition.ts'

const read = (text: string | number, quantity: Quantity): Condition => {
  const condition = parseCondition(text, quantity)
  if ('expected' in condition) throw new Error(condition.expected)
  return condition
}

describe('reading', () => {
  // A regex that offers ">" before ">=" would read ">= 1" as "> (= 1)": each operator must come out as it was written.
  test.each(['>=', '<=', '>', '<'] as const)('the operator %s comes out as itself, with any spaces around it', (op) => {
    const spaces = fc.constantFrom('', ' ', '  ', '\t')
    fc.assert(
      fc.property(spaces, spaces, spaces, fc.integer({ min: 0, max: 1e9 }), (a, b, c, value) => {
        expect(read(`${a}${op}${b}${value}${c}`, 'count')).toMatchObject({ op, value })
      }),
    )
  })

  test.each([
    ['>= 99%', 'share', { op: '>=', value: 0.99 }],
    ['>=99%', 'share', { op: '>=', value: 0.99 }],
    ['<= 150ms', 'latency', { op: '<=', value: 150 }],
    ['< 1m30s', 'latency', { op: '<', value: 90_000 }],
    ['> 1.05', 'factor', { op: '>', value: 1.05 }],
    ['= 3', 'count', { op: '=', value: 3 }],
    ['== 3', 'count', { op: '=', value: 3 }],
    [3, 'count', { op: '=', value: 3 }],
    [0, 'share', { op: '=', value: 0 }],
    ['100%', 'share', { op: '=', value: 1 }],
    ['5% .. 15%', 'share', { op: 'between', low: 0.05, high: 0.15 }],
    ['5%..15%', 'share', { op: 'between', low: 0.05, high: 0.15 }],
    ['1.1..1.3', 'factor', { op: 'between', low: 1.1, high: 1.3 }],
    ['10 .. 10', 'count', { op: 'between', low: 10, high: 10 }],
  ] as const)('%j as a %s', (text, quantity, expected) => expect(read(text, quantity)).toMatchObject(expected))

  test.each([
    ['99%', 'share', 'expected one side, such as ">= 99%" or "<= 99%" (no measured value is exactly 99%)'],
    ['= 150ms', 'latency', 'expected one side, such as ">= 150ms" or "<= 150ms" (no measured value is exactly 150ms)'],
    ['>= 99', 'share', 'expected a condition such as ">= 99%", "<= 1%" or "5% .. 15%" (99 lacks its unit)'],
    ['<= 150', 'latency', 'expected a condition such as "<= 150ms" or "200ms .. 260ms" (150 lacks its unit)'],
    ['20 .. 10', 'count', 'expected a range from the lower to the higher value (20 is more than 10)'],
    ['>= 1 .. 2', 'count', 'expected a condition such as 0, ">= 1" or "10 .. 20"'],
  ] as const)('%j as a %s is refused: %s', (text, quantity, expected) => expect(parseCondition(text, quantity)).toEqual({ expected }))

  test.each([
    '',
    '>=',
    '=> 1',
    '>> 1',
    '>= -1',
    '1 ..',
    '.. 1',
    '1...2',
    '1 .. 2 .. 3',
    '>= 1%',
    '>= 1e3',
    '>= 0x10',
    'NaN',
    '>= ∞',
    '≥ 1',
    '>= 1,000',
  ])('%j is not a count', (text) => expect(parseCondition(text, 'count')).toHaveProperty('expected'))

  test('any text is read or refused with a sentence, and at once', () => {
    const quantity = fc.constantFrom<Quantity>('share', 'latency', 'count', 'factor')
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789.%><= mshu\t-\r\n\u2028') }), quantity, (text, kind) => {
        const condition = parseCondition(text, kind)
        if ('expected' in condition) expect(condition.expected).toMatch(/^expected /)
        else expect(condition.source).toBe(text.trim())
      }),
    )
    expect(parseCondition(`1${' '.repeat(1_000_000)}x`, 'count')).toHaveProperty('expected')
  })
})

describe('holding', () => {
  const value = fc.integer({ min: 0, max: 1000 })

  test('each operator says what it says in mathematics', () => {
    fc.assert(
      fc.property(value, value, (bound, seen) => {
        expect(holds(read(`>= ${bound}`, 'count'), seen)).toBe(seen >= bound)
        expect(holds(read(`<= ${bound}`, 'count'), seen)).toBe(seen <= bound)
        expect(holds(read(`> ${bound}`, 'count'), seen)).toBe(seen > bound)
        expect(holds(read(`< ${bound}`, 'count'), seen)).toBe(seen < bound)
        expect(holds(read(bound, 'count'), seen)).toBe(seen === bound)
      }),
    )
  })

  test('a range includes both ends and nothing beyond', () => {
    fc.assert(
      fc.property(value, value, value, (a, b, seen) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)]
        expect(holds(read(`${low} .. ${high}`, 'count'), seen)).toBe(seen >= low && seen <= high)
      }),
    )
  })

  test('k of n fulfils ">= p%" when p is exactly that share', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), (k) => {
        expect(holds(read(`>= ${(k / 100).toFixed(2)}%`, 'share'), k / 10_000)).toBe(true)
      }),
    )
  })
})

describe('the pattern for editors', () => {
  const values = ['0', '00', '3', '0%', '5%', '99.9 %', '100%', '100.0%', '007%', '150ms', '1m30s', '1.5s', '1.2', '0.5us', '250', '']
  const ops = ['', '>=', '<=', '>', '<', '=', '==', '=>', '!=']
  const written = fc.oneof(
    fc
      .tuple(fc.constantFrom('', ' '), fc.constantFrom(...ops), fc.constantFrom('', ' '), fc.constantFrom(...values))
      .map((parts) => parts.join('')),
    fc.tuple(fc.constantFrom(...values), fc.constantFrom('..', ' .. ', ' - '), fc.constantFrom(...values)).map((parts) => parts.join('')),
  )

  test.each(['share', 'latency', 'count', 'factor'] as const)(
    'takes of %s what chaos takes, and ranges the wrong way round',
    (quantity) => {
      const pattern = new RegExp(conditionPattern(quantity))
      fc.assert(
        fc.property(written, (text) => {
          const read = parseCondition(text, quantity)
          const backwards = 'expected' in read && read.expected.includes('from the lower to the higher')
          expect(pattern.test(text), text).toBe(!('expected' in read) || backwards)
        }),
        { numRuns: 2000 },
      )
    },
  )

  test.each([
    ['share', '>= 101%'],
    ['share', '>= 99'],
    ['latency', '<= 150'],
    ['count', '>= 1.5'],
    ['factor', '1.2'],
  ] as const)('refuses a %s of %s', (quantity, text) => expect(new RegExp(conditionPattern(quantity)).test(text)).toBe(false))
})
