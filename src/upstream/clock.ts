import { LONGEST_MS } from '../units.ts'
import { wallClockOffset } from '../wall-clock.ts'

/** From the instant a timer is due to its callback, in ms, on an idle machine: the least that has to be allowed for (measured: 0.2 to 0.3). */
const WAKE_MS = 0.25
/** An answer may leave this much before its due time, in ms: half a step of Node's timers more, so that on average it is on time. */
export const EARLY_MS = 0.5 + WAKE_MS

const offset = wallClockOffset()

/** Epoch milliseconds with fractions; never goes back, unlike `Date.now()`. */
export function epochNow(): number {
  return offset + performance.now()
}

/**
 * Calls `action` at `due` (epoch ms): at most `EARLY_MS` early; late by about 0.5 ms, plus what the machine is behind.
 * Node's timers take whole ms and count from the start of the current turn of the event loop, so one may fire more than
 * 1 ms before the time meant here; what is then missing is slept again.
 */
export function at(due: number, action: () => void): void {
  const left = due - epochNow()
  if (left <= EARLY_MS) action()
  else setTimeout(at, Math.min(Math.round(left - WAKE_MS), LONGEST_MS), due, action)
}
