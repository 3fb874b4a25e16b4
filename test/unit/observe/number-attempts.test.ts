import { expect, test } from 'vitest'
import { numberAttempts } from '../../../src/observe/number-attempts.ts'
import type { AttemptLine } from '../../../src/observe/parse-logs.ts'

const line = (call: string | null, n: string, start: string): AttemptLine => ({
  call,
  id: 'r-1',
  n,
  start,
  ms: 1,
  status: 0,
  flags: '-',
  cluster: 'a',
  host: null,
  replica: null,
  pool: null,
  failure: null,
})
const numbers = (...lines: AttemptLine[]) => numberAttempts(lines).map(({ n }) => n)

test('tries that overlap are numbered in the order in which they began, not in which they ended', () =>
  expect(numbers(line('a', '3', '1.2'), line('a', '3', '1.3'), line('a', '3', '1.1'))).toEqual(['2', '3', '1']))

test('also those after a try that had ended before the others began', () =>
  expect(numbers(line('a', '1', '1.0'), line('a', '3', '1.2'), line('a', '3', '1.1'))).toEqual(['1', '3', '2']))

test('tries that follow each other keep their numbers, even where one is missing', () =>
  expect(numbers(line('a', '1', '1.0'), line('a', '3', '1.2'))).toEqual(['1', '3']))

test('calls are apart', () => expect(numbers(line('a', '2', '1.1'), line('b', '1', '1.2'), line('a', '2', '1.0'))).toEqual(['2', '1', '1']))

test('a line that stands there twice stays twice', () =>
  expect(numbers(line('a', '1', '1.0'), line('a', '1', '1.0'), line('a', '2', '1.5'))).toEqual(['1', '1', '2']))

test('what has no call is left alone', () => expect(numbers(line(null, '1', '1.0'), line(null, '1', '1.1'))).toEqual(['1', '1']))
