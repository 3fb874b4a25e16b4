import { grouped } from '../units.ts'

const LONGEST_SHOWN = 60

/** A user's value as messages quote it: short, on one line, never `undefined` or `[object Object]`. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (typeof value === 'string') return JSON.stringify(value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN - 1)}…` : value)
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  return String(value)
}

/** `a, b or c`. */
export function listed(words: readonly string[], last = 'or'): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`
}

/** `1 phase`, `3,000 phases`, `2 tries`. */
export function plural(count: number, noun: string, several = `${noun}s`): string {
  return `${grouped(Number(count.toFixed(3)))} ${count === 1 ? noun : several}`
}
