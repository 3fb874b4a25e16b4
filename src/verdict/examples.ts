import type { RequestRecord } from '../observe/record.ts'
import { byCause } from './cause.ts'

const MOST_EXAMPLES = 3

/** Up to three ids that show different causes, the most frequent cause first; then more of the most frequent one. */
export function diverse(records: readonly RequestRecord[], deadline: number): string[] {
  const groups = byCause(records, deadline).map(([, group]) => group)
  const firsts = groups.slice(0, MOST_EXAMPLES).map((group) => group[0] as RequestRecord)
  const more = groups[0]?.slice(1) ?? []
  return [...firsts, ...more].slice(0, MOST_EXAMPLES).map((record) => record.id)
}

/** Up to three ids, by falling `rank`; equal ones in the order of time. */
export function topmost(records: readonly RequestRecord[], rank: (record: RequestRecord) => number): string[] {
  // Infinity - Infinity is NaN, so ranks are compared, not subtracted.
  const sorted = records.toSorted((a, b) => (rank(a) === rank(b) ? 0 : rank(a) < rank(b) ? 1 : -1))
  return sorted.slice(0, MOST_EXAMPLES).map((record) => record.id)
}
