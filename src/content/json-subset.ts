import { plural } from '../value/show.ts'

/** How a JSON value falls short of one that is asked of it. */
export type Shortfall = { is: 'missed' | 'unknown'; why: string }

/**
 * Whether `actual` holds all of `asked`: a map has its keys, others are allowed; a list has as many items, each of which
 * holds the one in its place; anything else is equal.
 * @param at - the place of `actual`: `$.items[0]`
 * @returns the first place where it does not; undefined when it does
 */
export function shortfall(asked: unknown, actual: unknown, at = '$'): Shortfall | undefined {
  if (Array.isArray(asked)) {
    if (!Array.isArray(actual)) return differs(asked, actual, at)
    if (actual.length !== asked.length) return missed(`${at} has ${plural(actual.length, 'item')}, not ${asked.length}`)
    return first(asked.map((item, index) => [item, actual[index], `${at}[${index}]`]))
  }
  if (isMap(asked)) {
    if (!isMap(actual)) return differs(asked, actual, at)
    const lacking = Object.keys(asked).find((key) => !Object.hasOwn(actual, key))
    if (lacking !== undefined) return missed(`${at} has no ${JSON.stringify(lacking)}`)
    return first(Object.keys(asked).map((key) => [asked[key], actual[key], `${at}${step(key)}`]))
  }
  // Beyond 2^53 different numbers of the answer are one and the same here.
  if (isInexact(actual) && typeof asked === 'number' && (isInexact(asked) || asked === actual))
    return { is: 'unknown', why: `${at} is a number of more digits than can be compared` }
  return asked === actual ? undefined : differs(asked, actual, at)
}

function first(parts: [asked: unknown, actual: unknown, at: string][]): Shortfall | undefined {
  const found = parts.map((part) => shortfall(...part)).filter((each) => each !== undefined)
  return found.find(({ is }) => is === 'missed') ?? found[0]
}

const missed = (why: string): Shortfall => ({ is: 'missed', why })
const differs = (asked: unknown, actual: unknown, at: string) => missed(`${at} is ${brief(actual)}, not ${brief(asked)}`)
const isMap = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === 'object' && !Array.isArray(value)
const isInexact = (value: unknown) => typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER
const step = (key: string) => (/^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`)

const LONGEST = 40

/** A JSON value on one line, short. */
export function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text
}
