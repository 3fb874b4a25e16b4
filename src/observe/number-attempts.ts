import type { AttemptLine } from './parse-logs.ts'

/**
 * The router logs an attempt when it has ended, with the count that the header of the request has by then. Tries that
 * overlap (`hedge_policy`) thus all have the number of the last one. They are numbered anew, in the order in which they
 * began; other calls are left as they are.
 * @see test/integration/policy-hedging.test.ts
 */
export function numberAttempts(lines: readonly AttemptLine[]): AttemptLine[] {
  const byCall = Map.groupBy(lines, ({ call }) => call)
  const starts = new Map<string | null, string[]>()
  for (const [call, attempts] of byCall) {
    const distinct = [...new Set(attempts.map(({ start }) => start))].sort((a, b) => Number(a) - Number(b))
    // A line that stands there twice has one start: it stays the evidence of something gone wrong.
    if (call !== null && new Set(attempts.map(({ n }) => n)).size < distinct.length) starts.set(call, distinct)
  }
  return lines.map((line) => {
    const order = starts.get(line.call)
    return order === undefined ? line : { ...line, n: String(order.indexOf(line.start) + 1) }
  })
}
