import type { StatsSnapshot } from '../envoy/stats.ts'
import type { DoorReport } from '../fault/door-fault.ts'
import type { Lateness } from '../load/pulse.ts'

/** Clocks of two processes on one machine, in ms, read independently. */
export const CLOCK_SLACK_MS = 2

/** A step of the ramps of a phase: until the next one. Times in ms after the start of the load. */
export interface RampStep {
  /** From when on some requests may have met the new percentages. */
  from: number
  /** From when on all did: they were confirmed. */
  applied: number
  /** By the ids of faults. */
  percents: Readonly<Record<string, number>>
}

/** What really happened at the edges of a phase, in ms after the start of the load. */
export interface PhaseTimes {
  /** When the switch to it began. */
  from: number
  /** When its faults were confirmed in force. */
  applied: number
  /** When the switch to the next one began. */
  to: number
  /** What ramps were set to, in order; left out where the phase has none. */
  steps?: readonly RampStep[]
  /** It went its whole length. */
  complete: boolean
  before: StatsSnapshot
  after: StatsSnapshot
  /** What faults did that close doors; left out where none did. */
  doors?: readonly DoorReport[]
  /** Of the load generator, while it went. */
  lateness: Lateness
}
