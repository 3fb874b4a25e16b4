declare const unit: unique symbol
type Quantity<U extends string> = number & { readonly [unit]: U }

/** Milliseconds. The YAML spelling always carries a unit: `250ms`, `1.5s`, `2m`, `1m30s`. */
export type Ms = Quantity<'ms'>
/** A share in [0, 1]. The YAML spelling is a percentage: `25%`. */
export type Ratio = Quantity<'ratio'>
/** Events per second. The YAML spelling is `200/s`. */
export type PerSecond = Quantity<'per second'>

export const ms = (value: number) => value as Ms
export const ratio = (value: number) => value as Ratio
export const perSecond = (value: number) => value as PerSecond

/** The longest delay a Node timer and Envoy's millisecond fields can both hold (2^31 - 1 ms, about 24.8 days). */
export const LONGEST_MS = 2 ** 31 - 1

const DURATION = /^(?:\d+(?:\.\d+)?(?:us|ms|s|m|h))+$/
const DURATION_PART = /(\d+(?:\.\d+)?)(us|ms|s|m|h)/g
const UNIT_MS: Record<string, number> = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** @returns the duration in ms, or undefined when `text` is not a number with a unit such as `250ms` or `1m30s`. */
export function parseMs(text: string): Ms | undefined {
  if (!DURATION.test(text)) return undefined
  let total = 0
  for (const [, amount, unitName] of text.matchAll(DURATION_PART)) total += Number(amount) * (UNIT_MS[unitName as string] as number)
  return (Math.round(total * 1000) / 1000) as Ms
}

/** @returns the share in [0, 1], or undefined when `text` is not a percentage from `0%` to `100%`. */
export function parsePercent(text: string): Ratio | undefined {
  const match = /^(\d+(?:\.\d+)?)\s?%$/.exec(text)
  if (!match) return undefined
  // Not a division by 100: 99.9 / 100 is not the double nearest to 0.999, and 999 of 1000 would not reach it.
  const value = Number(`${match[1]}e-2`)
  return value <= 1 ? (value as Ratio) : undefined
}

/** @returns events per second, or undefined when `text` is not a rate such as `200/s`. */
export function parseRate(text: string): PerSecond | undefined {
  const match = /^(\d+(?:\.\d+)?)\s?\/s$/.exec(text)
  return match ? (Number(match[1]) as PerSecond) : undefined
}

/** `400ms`, `1.5s`, `2m`: the shortest spelling a person would write, for messages. */
export function formatMs(value: number): string {
  if (value >= 3_600_000 && value % 3_600_000 === 0) return `${value / 3_600_000}h`
  if (value >= 60_000 && value % 60_000 === 0) return `${value / 60_000}m`
  if (value >= 1000) return `${trim(value / 1000, 2)}s`
  return `${trim(value, value < 10 ? 1 : 0)}ms`
}

/** `0.25s`: how protobuf's JSON, and so Envoy, spells a duration; down to the microsecond. */
export function formatSeconds(ms: number): string {
  return `${trim(ms / 1000, 6)}s`
}

/** `99.5%`: at most `digits` decimals, trailing zeros removed. */
export function formatPercent(value: number, digits = 1): string {
  return `${trim(value * 100, digits)}%`
}

/** A number with at most `digits` decimals and no trailing zeros. */
export function trim(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)))
}

/** `12,345.5`: a number of at most three decimals with its thousands apart. Node's own way to do it takes 5 ms the first time. */
export const grouped = (value: number) => String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',')
