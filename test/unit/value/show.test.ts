import { expect, test } from 'vitest'
import { plural } from '../../../src/value/show.ts'

test.each<[string, string]>([
  [plural(0, 'request'), '0 requests'],
  [plural(1, 'request'), '1 request'],
  [plural(12_345, 'request'), '12,345 requests'],
  [plural(100 / 3, 'request'), '33.333 requests'],
  [plural(1, 'retry', 'retries'), '1 retry'],
  [plural(2, 'retry', 'retries'), '2 retries'],
])('a count with its noun: %s', (spelt, expected) => expect(spelt).toBe(expected))
