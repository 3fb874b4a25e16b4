import { unreachable } from '../errors.ts'
import { type Match, quoted, surelyHolds } from './match.ts'
import type { Got } from './match-body.ts'
import { isFound } from './pattern.ts'

/** What one header of an answer must be, by its name in lower case. */
export type HeaderTest = { name: string; op: 'equals' | 'contains' | 'matches'; text: string } | { name: string; op: 'present' | 'absent' }

/** Whether the headers of an answer pass a test. Several lines of one header are one value, joined with ", ". */
export function matchHeader(test: HeaderTest, { headers }: Pick<Got, 'headers'>): Match {
  if (headers === null) return { is: test.op === 'absent' ? 'none' : 'missed', seen: 'no answer' }
  if ('kept' in headers) return { is: 'unknown', seen: 'headers that were not kept, after too many different sets' }
  const value = Object.hasOwn(headers.fields, test.name) ? headers.fields[test.name] : undefined
  const seen = value === undefined ? `no ${test.name}` : value === null ? test.name : `${test.name}: ${quoted(value)}`
  const metIf = (isMet: boolean): Match => ({ is: isMet ? 'met' : 'missed', seen })
  switch (test.op) {
    case 'present':
      return metIf(value !== undefined)
    case 'absent':
      return metIf(value === undefined)
  }
  if (value === undefined) return metIf(false)
  if (value === null) return { is: 'unknown', seen: `${test.name} of a value that was not kept, after too many different ones` }
  if (headers.hidden && value.includes('***')) {
    const isMet = surelyHolds(value, test.text) && (test.op === 'contains' || (test.op === 'equals' && value === test.text))
    return isMet ? { is: 'met', seen } : { is: 'unknown', seen: `${seen}, of which the evidence hides a secret` }
  }
  switch (test.op) {
    case 'equals':
      return metIf(value === test.text)
    case 'contains':
      return metIf(value.includes(test.text))
    case 'matches':
      return metIf(isFound(test.text, value))
    default:
      return unreachable(test)
  }
}
