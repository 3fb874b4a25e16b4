import { expect, test } from 'vitest'
import { whoMeetsBoth } from '../../../src/scenario/who-meets-both.ts'

const of = (tries: [number, number] | null) => ({
  replicas: [1],
  when: [],
  attempts: tries === null ? null : { from: tries[0], to: tries[1], source: '' },
})

test.each([
  [[1, 1], [2, Number.POSITIVE_INFINITY], 'none'],
  [[3, 4], [1, 2], 'none'],
  [[1, 1], [1, 2], 'all'],
  [[1, 1], null, 'all'],
  [[1, 2], [1, 1], 'some'],
  [null, [1, 1], 'some'],
] as const)('of the tries %j, those of %j are %s', (later, earlier, who) => {
  expect(whoMeetsBoth(of(later as [number, number] | null), of(earlier as [number, number] | null))).toBe(who)
})
