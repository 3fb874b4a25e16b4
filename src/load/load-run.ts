import type { Plan } from '../plan/plan.ts'
import type { ClientLog } from './client-log.ts'
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

/** Told of each request while the load runs, so that progress can be shown, and what is known be stored. */
export interface LoadWatcher {
  /** Before the first request. */
  onLog(log: ClientLog): void
  onSent(index: number): void
  /** All that will be known of it stands in the log. */
  onEnd(index: number, latencyMs: number, success: boolean): void
}
