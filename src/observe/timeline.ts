import type { StatsSnapshot } from '../envoy/stats.ts'
import type { Lateness } from '../load/pulse.ts'

/** Clocks of two processes on one machine, in ms, read independently. */
export const CLOCK_SLACK_MS = 2

/** What really happened at the edges of a phase, in ms after the start of the load. */
export interface PhaseTimes {
  /** When the switch to it began. */
  from: number
  /** When its faults were confirmed in force. */
  applied: number
  /** When the switch to the next one began. */
  to: number
  /** It went its whole length. */
  complete: boolean
  before: StatsSnapshot
  after: StatsSnapshot
  /** Of the load generator, while it went. */
  lateness: Lateness
}
