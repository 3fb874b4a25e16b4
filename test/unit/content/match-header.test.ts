import { expect, test } from 'vitest'
import { type HeaderTest, matchHeader } from '../../../src/content/match-header.ts'

const FIELDS = { 'content-type': 'application/json; charset=utf-8', 'x-empty': '', date: null }
const name = 'content-type'

test.each<[asked: HeaderTest, is: string, seen: string]>([
  [{ name, op: 'equals', text: FIELDS[name] }, 'met', 'content-type: "application/json; charset=utf-8"'],
  [{ name, op: 'equals', text: 'application/json' }, 'missed', 'content-type: "application/json; charset=utf-8"'],
  [{ name, op: 'contains', text: 'json' }, 'met', 'content-type: "application/json; charset=utf-8"'],
  [{ name, op: 'contains', text: 'html' }, 'missed', 'content-type: "application/json; charset=utf-8"'],
  [{ name, op: 'matches', text: '^application/(json|xml)' }, 'met', 'content-type: "application/json; charset=utf-8"'],
  [{ name, op: 'matches', text: '^json' }, 'missed', 'content-type: "application/json; charset=utf-8"'],
  [{ name: 'x-empty', op: 'present' }, 'met', 'x-empty: ""'],
  [{ name: 'x-empty', op: 'equals', text: '' }, 'met', 'x-empty: ""'],
  [{ name: 'x-none', op: 'equals', text: '' }, 'missed', 'no x-none'],
  [{ name: 'x-none', op: 'present' }, 'missed', 'no x-none'],
  [{ name: 'x-none', op: 'absent' }, 'met', 'no x-none'],
  [{ name: 'toString', op: 'present' }, 'missed', 'no toString'],
  [{ name: 'date', op: 'present' }, 'met', 'date'],
  [{ name: 'date', op: 'absent' }, 'missed', 'date'],
  [{ name: 'date', op: 'contains', text: 'a' }, 'unknown', 'date of a value that was not kept, after too many different ones'],
])('%j: %s', (asked, is, seen) => expect(matchHeader(asked, { headers: { fields: FIELDS } })).toEqual({ is, seen }))

test.each(['equals', 'contains', 'matches', 'present', 'absent'] as const)(
  '%s of no answer, and of headers that were not kept, is no match',
  (op) => {
    const asked = { name, op, text: 'a' } as HeaderTest
    expect(matchHeader(asked, { headers: null }).is).toBe(op === 'absent' ? 'none' : 'missed')
    expect(matchHeader(asked, { headers: { kept: false } }).is).toBe('unknown')
  },
)

test.each<[op: 'equals' | 'contains' | 'matches', text: string, is: string]>([
  ['equals', 'key ***2', 'met'],
  ['contains', '***2', 'met'],
  ['contains', 's3cret', 'unknown'],
  ['equals', 'key s3cret', 'unknown'],
  ['matches', '^key', 'unknown'],
])('%s %j of a header of which the evidence hides a secret: %s', (op, text, is) => {
  const headers = { fields: { 'x-echo': 'key ***2', 'x-other': 'a' }, hidden: true } as const
  expect(matchHeader({ name: 'x-echo', op, text }, { headers }).is).toBe(is)
  expect(matchHeader({ name: 'x-other', op, text: 'b' }, { headers }).is).toBe('missed')
})
