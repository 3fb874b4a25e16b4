import type { Plan } from '../plan/plan.ts'
import type { Gate } from './gate.ts'
import type { Pulse } from './pulse.ts'

/** What any kind of load needs to be played. */
export interface LoadRun {
  /** `http://127.0.0.1:1234` */
  origin: string
  plan: Plan
  /** The start of the load, on the clock of `performance.now()`. */
  zero: number
  gate: Gate
  pulse: Pulse
  watcher: LoadWatcher
  /** Ends the load early: nothing more is sent, requests in flight are given up. */
  signal: AbortSignal
}

/** Told of each end, so that progress can be shown while the load runs. */
export interface LoadWatcher {
  onSent(index: number): void
  onEnd(index: number, latencyMs: number, success: boolean): void
}
