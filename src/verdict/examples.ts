import type { RequestRecord } from '../observe/record.ts'
import type { Records } from '../observe/records.ts'
import { byCause, MOST_EXAMPLES } from './cause.ts'

/** Up to three ids that show different causes, the most frequent cause first; then more of the most frequent one. */
export function diverse(records: Records, deadline: number): string[] {
  const groups = byCause(records, deadline)
  const firsts = groups.slice(0, MOST_EXAMPLES).flatMap(({ examples }) => examples.slice(0, 1))
  return [...firsts, ...(groups[0]?.examples.slice(1) ?? [])].slice(0, MOST_EXAMPLES)
}

/** Up to three ids, by falling `rank`; equal ones in the order of time. */
export function topmost(records: Records, rank: (record: RequestRecord) => number): string[] {
  const top: { id: string; rank: number }[] = []
  for (const record of records) {
    const own = rank(record)
    const place = top.findIndex((other) => other.rank < own)
    if (place === -1 && top.length === MOST_EXAMPLES) continue
    top.splice(place === -1 ? top.length : place, 0, { id: record.id, rank: own })
    top.length = Math.min(top.length, MOST_EXAMPLES)
  }
  return top.map(({ id }) => id)
}
