import type { Records } from '../observe/records.ts'
import { atMost } from '../statistics/binomial.ts'
import { RELAPSE_CHANCE, WINDOW } from './limits.ts'

/** The requests that were due in one stretch of `WINDOW` ms. */
export interface Window {
  /** Ms after the start of the phase. */
  from: number
  total: number
  good: number
}

/** How many windows fit in `length` ms; the last, partial one belongs to the one before. */
export const windowCount = (length: number) => Math.max(1, Math.floor(length / WINDOW))

/** The windows from `from` to `to`, by due time; what was due outside counts in the nearest. */
export function windowsOf(records: Records, from: number, to: number): Window[] {
  const windows = Array.from({ length: windowCount(to - from) }, (_, index): Window => ({ from: index * WINDOW, total: 0, good: 0 }))
  for (const record of records) {
    const index = Math.min(Math.max(Math.floor((record.due - from) / WINDOW), 0), windows.length - 1)
    const window = windows[index] as Window
    window.total++
    if (record.success) window.good++
  }
  return windows
}

/**
 * The start, in ms, of the first window from which all later ones hold.
 *
 * A window that is below `least` need not have relapsed: of 60 requests of a baseline that loses 3 % on its own, 5 fail
 * now and then. Only what chance hardly explains (an exact binomial test at `RELAPSE_CHANCE`) is a relapse; what lies
 * between, and a window without requests, is open.
 * @param openHolds - what to make of open windows: pass only with false, fail only with true
 * @returns infinity when the last window does not hold.
 */
export function holdsFrom(windows: readonly Window[], least: number, openHolds: boolean): number {
  const last = windows.findLastIndex((window) => {
    const held = heldBy(window, least)
    return held === 'open' ? !openHolds : held === 'no'
  })
  return windows[last + 1]?.from ?? Number.POSITIVE_INFINITY
}

function heldBy({ good, total }: Window, least: number): 'yes' | 'no' | 'open' {
  if (total === 0) return 'open'
  // The slack is for rounding alone: 0.99 - 0.02 is not exactly 0.97.
  if (good / total >= least - 1e-12) return 'yes'
  return atMost(good, total, least) < RELAPSE_CHANCE ? 'no' : 'open'
}
