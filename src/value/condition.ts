import { LONGEST_MS, parseMs, parsePercent, parseRate } from '../units.ts'

/**
 * What an expectation says of a number:
 *
 *     condition = [ op ] value | value ".." value
 *     op        = ">=" | "<=" | ">" | "<" | "="
 *     value     = by the metric: "99%", "150ms", "1.2", "180/s" or "3"
 *
 * A bare value means "=", where that makes sense: counts, and shares of 0 % and 100 %. `source` keeps the user's spelling.
 */
export type Condition = { source: string } & ({ op: Op; value: number } | { op: 'between'; low: number; high: number })
export type Op = '>=' | '<=' | '>' | '<' | '='

/** `share` in [0, 1], `latency` in ms, `count` a whole number, `factor` any number from 0, `throughput` events per second. */
export type Quantity = 'share' | 'latency' | 'count' | 'factor' | 'throughput'

const VALUE: Record<Quantity, { parse: (text: string) => number | undefined; example: string; hasUnit: boolean }> = {
  share: { parse: (text) => (text === '0' ? 0 : parsePercent(text)), example: '">= 99%", "<= 1%" or "5% .. 15%"', hasUnit: true },
  latency: { parse: (text) => inRange(parseMs(text)), example: '"<= 150ms" or "200ms .. 260ms"', hasUnit: true },
  count: { parse: (text) => (/^\d{1,15}$/.test(text) ? Number(text) : undefined), example: '0, ">= 1" or "10 .. 20"', hasUnit: false },
  factor: {
    parse: (text) => (/^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : undefined),
    example: '"<= 1.2" or "1.1 .. 1.3"',
    hasUnit: false,
  },
  throughput: { parse: parseRate, example: '">= 180/s" or "90/s .. 110/s"', hasUnit: true },
}

/** How a value is written, as a regular expression; `alone` is how it stands without an operator, or after "=". */
const SPELLING: Record<Quantity, { value: string; alone?: string }> = {
  share: { value: '(0|0*(\\d{1,2}|100)(\\.\\d+)?\\s?%)', alone: '(0|(0+|0*100)(\\.0+)?\\s?%)' },
  latency: { value: '(\\d+(\\.\\d+)?(us|ms|s|m|h))+' },
  count: { value: '\\d{1,15}', alone: '\\d{1,15}' },
  factor: { value: '\\d{1,9}(\\.\\d{1,9})?' },
  throughput: { value: '\\d+(\\.\\d+)?\\s?/s' },
}

/** The regular expression of conditions as text, for editors: it refuses nothing that `parseCondition` reads. */
export function conditionPattern(quantity: Quantity): string {
  const { value, alone } = SPELLING[quantity]
  const forms = [`(>=|<=|>|<)\\s*${value}`, `${value}\\s*\\.\\.\\s*${value}`, ...(alone === undefined ? [] : [`(==?)?\\s*${alone}`])]
  return `^\\s*(${forms.join('|')})\\s*$`
}

/** A condition is short; the expressions below are not made for more. */
const LONGEST = 60

/** @returns the condition, or the sentence that says what was expected instead. */
export function parseCondition(input: string | number, quantity: Quantity): Condition | { expected: string } {
  const source = String(input).trim()
  const { parse, example, hasUnit } = VALUE[quantity]
  if (source.length > LONGEST) return { expected: `expected a condition such as ${example}` }
  const range = /^(.+?)\s*\.\.\s*(.+)$/.exec(source)
  if (range) {
    const low = parse((range[1] as string).trim())
    const high = parse((range[2] as string).trim())
    if (low === undefined || high === undefined) return { expected: `expected a condition such as ${example}` }
    if (low > high) return { expected: `expected a range from the lower to the higher value (${range[1]} is more than ${range[2]})` }
    return { source, op: 'between', low, high }
  }
  const [, op, rest] = /^(>=|<=|>|<|==?)?\s*(.*)$/s.exec(source) as unknown as [string, string | undefined, string]
  const value = parse(rest.trim())
  if (value === undefined) {
    const lacks = hasUnit && /^\d+(\.\d+)?$/.test(rest) ? ` (${rest} lacks its unit)` : ''
    return { expected: `expected a condition such as ${example}${lacks}` }
  }
  if (op === undefined || op === '=' || op === '==') {
    if (quantity === 'count') return { source, op: '=', value }
    if (quantity === 'share' && (value === 0 || value === 1)) return { source, op: '=', value }
    return { expected: `expected one side, such as ">= ${rest}" or "<= ${rest}" (no measured value is exactly ${rest})` }
  }
  return { source, op: op as Op, value }
}

/** Whether a number known exactly satisfies the condition. */
export function holds(condition: Condition, value: number): boolean {
  switch (condition.op) {
    case '>=':
      return value >= condition.value
    case '<=':
      return value <= condition.value
    case '>':
      return value > condition.value
    case '<':
      return value < condition.value
    case '=':
      return value === condition.value
    case 'between':
      return value >= condition.low && value <= condition.high
  }
}

function inRange(value: number | undefined): number | undefined {
  return value !== undefined && value <= LONGEST_MS ? value : undefined
}
