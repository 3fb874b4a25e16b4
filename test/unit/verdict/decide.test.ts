import { expect, test } from 'vitest'
import { type Condition, parseCondition } from '../../../src/value/condition.ts'
import { decide, exactly } from '../../../src/verdict/decide.ts'

function condition(text: string): Condition {
  const read = parseCondition(text, 'share')
  if ('expected' in read) throw new Error(read.expected)
  return read
}

test.each([
  // the ends of the interval, in percent, at and around the limit
  { asked: '>= 50%', pass: [50, 60], unsure: [49, 60], fail: [40, 49] },
  { asked: '>= 50%', pass: [50, 50], unsure: [40, 50], fail: [0, 49] },
  { asked: '> 50%', pass: [51, 60], unsure: [50, 51], fail: [40, 50] },
  { asked: '<= 50%', pass: [40, 50], unsure: [50, 51], fail: [51, 60] },
  { asked: '< 50%', pass: [40, 49], unsure: [49, 50], fail: [50, 60] },
  { asked: '40% .. 60%', pass: [40, 60], unsure: [39, 60], fail: [61, 70] },
  { asked: '40% .. 60%', pass: [50, 51], unsure: [60, 61], fail: [30, 39] },
])('$asked: pass in $pass, inconclusive in $unsure, fail in $fail', ({ asked, pass, unsure, fail }) => {
  const judged = ([low, high]: number[]) => decide(condition(asked), { low: (low as number) / 100, high: (high as number) / 100 })
  expect(judged(pass)).toBe('pass')
  expect(judged(unsure)).toBe('inconclusive')
  expect(judged(fail)).toBe('fail')
})

test('an interval that is not a number decides nothing', () => {
  for (const asked of ['>= 0%', '< 50%', '40% .. 60%'])
    expect(decide(condition(asked), { low: Number.NaN, high: Number.NaN })).toBe('inconclusive')
})

test.each([
  { asked: '= 100%', is: 'every' },
  { asked: '>= 100%', is: 'every' },
  { asked: '100% .. 100%', is: 'every' },
  { asked: '0', is: 'none' },
  { asked: '<= 0%', is: 'none' },
  { asked: '> 0%', is: 'some' },
  { asked: '< 100%', is: 'not every' },
  { asked: '>= 99.9%', is: undefined },
  { asked: '<= 0.1%', is: undefined },
  { asked: '99% .. 100%', is: undefined },
])('$asked is about single requests: $is', ({ asked, is }) => {
  expect(exactly(condition(asked))).toBe(is)
})
