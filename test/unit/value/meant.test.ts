import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseMs, parseRate } from '../../../src/units.ts'
import { parseCondition, type Quantity } from '../../../src/value/condition.ts'
import { conditionMeant, durationMeant, rateMeant } from '../../../src/value/meant.ts'

test.each([
  ['8 ms', '8ms'],
  [' 1.5 s ', '1.5s'],
  ['10 seconds', '10s'],
  ['8MS', '8ms'],
  ['250 msec', '250ms'],
  ['5min', '5m'],
  ['1m 30s', '1m30s'],
  ['1 hour, 5 minutes', '1h5m'],
  ['20 µs', '20us'],
  ['8', undefined],
  ['ms', undefined],
  ['8 parsecs', undefined],
  ['-8 ms', undefined],
  ['', undefined],
])('the duration %j is spelt %j', (text, spelt) => {
  expect(durationMeant(text)).toBe(spelt)
  if (spelt !== undefined) expect(parseMs(spelt)).toBeDefined()
})

test.each([
  ['200 rps', '200/s'],
  ['200rps', '200/s'],
  ['200 req/s', '200/s'],
  ['200 requests per second', '200/s'],
  ['200 / s', '200/s'],
  ['200/sec', '200/s'],
  ['12000 per minute', '200/s'],
  ['200', undefined],
  ['fast', undefined],
])('the rate %j is spelt %j', (text, spelt) => {
  expect(rateMeant(text)).toBe(spelt)
  if (spelt !== undefined) expect(parseRate(spelt)).toBeDefined()
})

test.each<[string | number, Quantity, string | undefined]>([
  ['=< 8ms', 'latency', '<= 8ms'],
  ['=> 99%', 'share', '>= 99%'],
  ['≤ 8 ms', 'latency', '<= 8ms'],
  ['≥99%', 'share', '>= 99%'],
  ['at most 8ms', 'latency', '<= 8ms'],
  ['at least 3', 'count', '>= 3'],
  ['< = 3', 'count', '<= 3'],
  ['== 8ms', 'latency', '<= 8ms'],
  ['8 ms', 'latency', '<= 8ms'],
  [150, 'latency', '<= 150ms'],
  ['>= 99', 'share', '>= 99%'],
  ['>= 0.99', 'share', '>= 99%'],
  ['<= 0.5', 'share', '<= 50%'],
  [99, 'share', '>= 99%'],
  ['5% to 15%', 'share', '5% .. 15%'],
  ['5 - 15', 'share', '5% .. 15%'],
  ['between 200 and 260 ms', 'latency', '200ms .. 260ms'],
  ['1...3', 'count', '1 .. 3'],
  ['>= 5ms .. 10ms', 'latency', '5ms .. 10ms'],
  ['3+', 'count', '>= 3'],
  ['none', 'count', '0'],
  ['<= 1.2x', 'factor', '<= 1.2'],
  ['3 times', 'count', '3'],
  ['>= 1,000', 'count', '>= 1000'],
  ['>= 180 rps', 'throughput', '>= 180/s'],
  ['>= 1.5', 'count', undefined],
  ['fast', 'latency', undefined],
  ['>= -1', 'count', undefined],
  ['15% to 5%', 'share', undefined],
])('the condition %j on a %s is spelt %j', (text, quantity, spelt) => expect(conditionMeant(text, quantity)).toBe(spelt))

test('what is proposed can be read, whatever was written, and at once', () => {
  const quantity = fc.constantFrom<Quantity>('share', 'latency', 'count', 'factor', 'throughput')
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'0123456789.%><=≤ mshux/to-\t\n') }), quantity, (text, kind) => {
      const meant = conditionMeant(text, kind)
      if (meant !== undefined) expect(parseCondition(meant, kind)).not.toHaveProperty('expected')
    }),
  )
  expect(conditionMeant(`1${' '.repeat(1_000_000)}x`, 'count')).toBeUndefined()
})
