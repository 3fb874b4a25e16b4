import { trim } from '../units.ts'
import { parseCondition, type Quantity } from './condition.ts'

/** How a value that was written in another way is spelt here. Nothing is read by these: they are for messages only. */

/** Longer texts are no slips, and the expressions below are not made for them. */
const LONGEST = 60

const UNITS: Record<string, RegExp> = {
  us: /^(us|µs|μs|usecs?|micros?|microseconds?)$/,
  ms: /^(ms|msecs?|millis?|milliseconds?)$/,
  s: /^(s|secs?|seconds?)$/,
  m: /^(m|mins?|minutes?)$/,
  h: /^(h|hrs?|hours?)$/,
}

/** `8 ms` and `8 milliseconds` as `8ms`, `1m 30s` as `1m30s`; undefined for what is no duration with its unit. */
export function durationMeant(text: string): string | undefined {
  if (text.length > LONGEST) return undefined
  const parts = text
    .trim()
    .toLowerCase()
    .split(/(?<=[a-zµμ])[\s,]*(?=\d)/)
    .map((part) => {
      const [, amount, word = ''] = /^(\d+(?:\.\d+)?)\s*([a-zµμ]+)$/.exec(part) ?? []
      const unit = Object.keys(UNITS).find((each) => UNITS[each]?.test(word))
      return unit === undefined ? undefined : `${amount}${unit}`
    })
  return parts.includes(undefined) ? undefined : parts.join('')
}

const RATE = /^(\d+(?:\.\d+)?)\s*(?:rps|qps|tps|(?:r|reqs?|requests?)?\s*(?:\/|\bper\b|\ba\b)\s*(s(?:ec(?:ond)?)?|m(?:in(?:ute)?)?))$/

/** `200 rps`, `200 req/s` and `12000 per minute` as `200/s`; undefined for what names no time. */
export function rateMeant(text: string): string | undefined {
  const [, amount, time = 's'] = text.length > LONGEST ? [] : (RATE.exec(text.trim().toLowerCase()) ?? [])
  if (amount === undefined) return undefined
  return `${time.startsWith('m') ? trim(Number(amount) / 60, 4) : amount}/s`
}

const OPERATORS: [RegExp, string][] = [
  [/^(?:=<|=?≤|<\s+=|<==|at most\b|max\b|lte\b)\s*/, '<= '],
  [/^(?:=>|=?≥|>\s+=|>==|at least\b|min\b|gte\b)\s*/, '>= '],
  [/^(?:lt\b|less than|under|below)\s*/, '< '],
  [/^(?:gt\b|more than|over|above)\s*/, '> '],
]

const RANGE = /\s*(?:\.{2,3}|…|–|—|-|\bto\b|\band\b)\s*/

/** The side that is meant most where none is written. */
const USUAL_SIDE: Record<Quantity, (value: string) => string> = {
  share: (value) => (Number.parseFloat(value) < 50 ? '<= ' : '>= '),
  latency: () => '<= ',
  count: () => '',
  factor: () => '<= ',
  throughput: () => '>= ',
}

/** `=< 8 ms` as `<= 8ms`, `5% to 15%` as `5% .. 15%`; undefined where no condition is recognised. */
export function conditionMeant(input: string | number, quantity: Quantity): string | undefined {
  const written = String(input).trim()
  if (written.length > LONGEST) return undefined
  const isCondition = (text: string) => !('expected' in parseCondition(text, quantity))
  const [low, high, ...more] = written.replace(/^(?:between\s+|[<>=≤≥]+\s*)/i, '').split(RANGE)
  if (high !== undefined && more.length === 0) {
    const range = `${valueMeant(low ?? '', quantity)} .. ${valueMeant(high, quantity)}`
    if (isCondition(range)) return range
  }
  const lower = written.toLowerCase()
  const other = OPERATORS.find(([pattern]) => pattern.test(lower))
  const spelt = other === undefined ? written.replace(/^(.*\S)\s*\+$/, '>= $1') : lower.replace(...other)
  const [, op = '', value = ''] = /^(>=|<=|>|<|==?)?\s*(.*)$/s.exec(spelt) ?? []
  const meant = valueMeant(value, quantity)
  const sided = op === '' || op.startsWith('=') ? `${USUAL_SIDE[quantity](meant)}${meant}` : `${op} ${meant}`
  return isCondition(sided) && sided !== written ? sided : undefined
}

function valueMeant(text: string, quantity: Quantity): string {
  const value = text.trim()
  const number = /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : undefined
  switch (quantity) {
    case 'share':
      // 0.99 of all is 99 %.
      if (number !== undefined && number < 1 && value.includes('.')) return `${trim(number * 100, 4)}%`
      return number === undefined ? value.replace(/\s*(?:percent|pct|per cent)$/i, '%') : `${value}%`
    case 'latency':
      return number === undefined ? (durationMeant(value) ?? value) : `${value}ms`
    case 'throughput':
      return number === undefined ? (rateMeant(value) ?? value) : `${value}/s`
    case 'count':
      if (/^(?:none|no|never|zero)$/i.test(value)) return '0'
      return /^(?:any|some)$/i.test(value) ? '>= 1' : plain(value)
    case 'factor':
      return plain(value)
  }
}

const plain = (value: string) => value.replace(/\s*(?:x|×|times)$/i, '').replace(/(?<=\d),(?=\d{3}\b)/g, '')
