import { formatMs, formatPercent, grouped } from '../units.ts'

/** Numbers in words, for people. Whatever is not a finite number is spelt as a dash, never as `NaN`. */

const NOTHING = '–'

/** `12,345` */
export function count(value: number): string {
  return Number.isFinite(value) ? grouped(Math.round(value)) : NOTHING
}

/** `10.4%`; a dash when there is nothing to take a share of. */
export function shareOf(part: number, whole: number): string {
  const share = part / whole
  return Number.isFinite(share) ? formatPercent(share) : NOTHING
}

/** `912 ms`, `4.2 ms`: times of single events, always in ms, so that they can be compared at a glance. */
export function millis(value: number): string {
  if (!Number.isFinite(value)) return NOTHING
  const rounded = Number(value.toFixed(Math.abs(value) < 10 ? 1 : 0))
  return `${rounded === 0 ? 0 : rounded} ms`
}

/** `400ms`, `34.1s`, `2m`, `12m34s`: lengths of time, as a scenario spells them, to three digits or so. */
export function duration(value: number): string {
  if (!Number.isFinite(value)) return NOTHING
  if (value < 10_000) return formatMs(value)
  if (value < 120_000) return formatMs(Math.round(value / 100) * 100)
  const seconds = Math.round(value / 1000)
  return `${Math.floor(seconds / 60)}m${seconds % 60 === 0 ? '' : `${seconds % 60}s`}`
}

/** `200/s`, `199.6/s`; a dash when no time has passed. */
export function perSecond(events: number, overMs: number): string {
  const rate = (events * 1000) / overMs
  if (!Number.isFinite(rate)) return NOTHING
  return `${grouped(Number(rate.toFixed(rate < 1000 ? 1 : 0)))}/s`
}
