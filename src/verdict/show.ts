import type { Interval } from '../statistics/interval.ts'
import { trim } from '../units.ts'
import type { Outcome } from './verdict.ts'

/** Beyond these a share is a rounding of the machine's: no run has so many requests. */
const ROUNDED_DIGITS = 12

/** `99.96%`: two decimals, and more where they would round a share up to 100% or down to 0%. */
export function showShare(share: number): string {
  const value = Number(share.toFixed(ROUNDED_DIGITS))
  for (let digits = 2; digits < 6; digits++) {
    const text = trim(value * 100, digits)
    if ((text !== '100' || value >= 1) && (text !== '0' || value <= 0)) return `${text}%`
  }
  return `${value * 100}%`
}

/** `150.4ms`, `1.234s`: fine enough that 150.4 does not read as "150ms, asked <= 150ms". */
export function showMs(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'never answered' : '0ms'
  return value >= 1000 ? `${trim(value / 1000, 3)}s` : `${trim(value, 1)}ms`
}

/** `199.6/s` */
export const showPerSecond = (value: number) => `${trim(value, 1)}/s`

export const showFactor = (value: number) => trim(value, 3)

/** `3,838` */
export const showCount = (value: number) => value.toLocaleString('en-US')

/** An interval as an outcome holds it: a side without a bound is null there and ∞ in the text. */
export function showInterval({ low, high }: Interval, show: (value: number) => string): NonNullable<Outcome['interval']> {
  const bound = (value: number) => (Number.isFinite(value) ? value : null)
  const text = (value: number) => (Number.isFinite(value) ? show(value) : '∞')
  return { low: bound(low), high: bound(high), text: `${low === Number.NEGATIVE_INFINITY ? show(0) : text(low)} .. ${text(high)}` }
}

/** A prediction: `1.11`, or `1 to 1.75` where something is left open. */
export function showRange({ low, high }: { low: number; high: number }, show: (value: number) => string): string {
  return show(low) === show(high) ? show(low) : `${show(low)} to ${show(high)}`
}
