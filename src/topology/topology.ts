import type { Address } from '../envoy/addresses.ts'
import type { StatsSnapshot } from '../envoy/stats.ts'

/**
 * A started topology: one Envoy with its stubs and the app, if there is one, however they run. Nothing here assumes a shared file system, a local
 * process or a loopback address.
 */
export interface StartedTopology {
  /** Where the load goes in: the app, or without one the shared port of Envoy. */
  readonly entrance: Address
  /** Aborted with a `ChaosError` when Envoy, a stub or the app ends on its own. */
  readonly death: AbortSignal
  /**
   * Puts exactly these faults in force and all others to sleep.
   * @param ids - of `Plan.faults`
   * @returns when Envoy confirms the values; requests that arrive from then on meet them.
   */
  setFaults(ids: readonly string[]): Promise<void>
  /** Counters and gauges as they are now. */
  stats(): Promise<StatsSnapshot>
  /** Waits (with a limit) until no request is in flight anywhere, so that every log line is written. */
  settle(): Promise<void>
  /**
   * Sees to it that all logs are in the folder of the results.
   * @returns how many lines the stubs say they wrote; null where they cannot be asked any more
   */
  flushLogs(): Promise<number | null>
  /** Ends everything that was started; resolves when it is gone. Asked again, it is the same end. */
  stop(): Promise<void>
}
