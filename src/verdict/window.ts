import type { RequestRecord } from '../observe/record.ts'
import { WINDOW } from './limits.ts'

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
export function windowsOf(records: readonly RequestRecord[], from: number, to: number): Window[] {
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
 * @param emptyHolds - what to make of windows without requests: they show nothing, so pass only with false
 * @returns infinity when the last window does not hold.
 */
export function holdsFrom(windows: readonly Window[], least: number, emptyHolds: boolean): number {
  // The slack is for rounding alone: 0.99 - 0.02 is not exactly 0.97.
  const isHeld = ({ good, total }: Window) => (total === 0 ? emptyHolds : good / total >= least - 1e-12)
  const last = windows.findLastIndex((window) => !isHeld(window))
  return windows[last + 1]?.from ?? Number.POSITIVE_INFINITY
}
