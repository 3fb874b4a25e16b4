import { expect, test } from 'vitest'
import { didYouMean, nearest } from '../../../src/value/nearest.ts'
import { listed, plural, show } from '../../../src/value/show.ts'

const KNOWN = ['percent', 'timeout', 'per_try_timeout', 'cluster', 'for', 'at', 'GET']

test.each([
  ['percnt', 'percent'],
  ['tiemout', 'timeout'],
  ['perTryTimeout', 'per_try_timeout'],
  ['per-try-timeout', 'per_try_timeout'],
  ['Cluster', 'cluster'],
  ['get', 'GET'],
  ['fro', 'for'],
])('%s was meant to be %s', (word, known) => expect(nearest(word, KNOWN)).toBe(known))

test.each(['zebra', '', 'x', 'in', 'percentages of everything', 'a'.repeat(100_000)])('nothing is near %.20j', (word) =>
  expect(nearest(word, KNOWN)).toBeUndefined(),
)

test('of two near names the nearer wins', () => expect(didYouMean('p98', ['p50', 'p99', 'p9'])).toBe('did you mean "p99"?'))

test.each([
  [undefined, 'nothing'],
  [null, 'nothing'],
  [[1], 'a list'],
  [{ a: 1 }, 'a map'],
  ['a\nb', '"a\\nb"'],
  [1.5, '1.5'],
  [true, 'true'],
])('show(%j) is %s', (value, text) => expect(show(value)).toBe(text))

test('a long value is cut short', () => expect(show('x'.repeat(1000)).length).toBeLessThan(70))

test('lists and counts read as English', () =>
  expect([listed(['a']), listed(['a', 'b', 'c']), listed(['a', 'b'], 'and'), plural(1, 'phase'), plural(2, 'phase')]).toEqual([
    'a',
    'a, b or c',
    'a and b',
    '1 phase',
    '2 phases',
  ]))
