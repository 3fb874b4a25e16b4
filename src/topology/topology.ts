import type { Address } from '../envoy/addresses.ts'
import type { StatsSnapshot } from '../envoy/stats.ts'
import type { DoorReport } from '../fault/door-fault.ts'
import type { Plan } from '../plan/plan.ts'
import type { Scenario } from '../scenario/scenario.ts'

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
   * @param percents - by their ids, in place of those of the plan, where they move
   * @returns when Envoy confirms the values; requests that arrive from then on meet them.
   */
  setFaults(ids: readonly string[], percents?: ReadonlyMap<string, number>): Promise<void>
  /** Moves percentages of these faults, which are in force, and leaves all else as it is: a door would begin anew. */
  movePercents(ids: readonly string[], percents: ReadonlyMap<string, number>): Promise<void>
  /** What those faults have done since then that close doors. */
  doorReports(): Promise<readonly DoorReport[]>
  /** Such as `1.40.0`, by its own word. */
  envoyVersion(): Promise<string>
  /** Counters and gauges as they are now. */
  stats(): Promise<StatsSnapshot>
  /**
   * Waits (with a limit) until no request is in flight anywhere, so that every log line is written. What an app has open
   * beyond that ends with the app, since Envoy tells of a call only when it has ended.
   * @returns how many calls of the app that were
   */
  settle(): Promise<number>
  /**
   * Sees to it that all logs are in the folder of the results.
   * @returns how many lines the stubs say they wrote; null where they cannot be asked any more
   */
  flushLogs(): Promise<number | null>
  /** Ends everything that was started; resolves when it is gone. Asked again, it is the same end. */
  stop(): Promise<void>
}

/** A way to run topologies, with all at hand that it needs. */
export interface Runtime {
  name: 'process' | 'docker'
  /** The binary, or the image. */
  envoy: { path: string; source: string; version: string | null }
  /** @throws ChaosError when a part of it does not start; nothing is left then */
  start(scenario: Scenario, plan: Plan, place: RunPlace): Promise<StartedTopology>
}

export interface RunPlace {
  /** Where configuration and logs go. */
  directory: string
  signal: AbortSignal
  /** What an app that is a program of this machine inherits. */
  env: NodeJS.ProcessEnv
  /** Called when all is on its way and nothing is ready yet: time for what the run needs next. */
  onStarted?(): void
}
