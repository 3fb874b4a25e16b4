import type { RampShare } from './ramp.ts'
import type { Records } from './records.ts'

/** All that a run saw: what verdicts are judged from, now or later. */
export interface Observations {
  records: Records
  /** Calls that came to Envoy, and of which nobody can say for which request they were made. */
  foreignCalls: number
  /** Same order as `Plan.phases`. A phase that an interruption cut off has `complete: false`. */
  phases: readonly PhaseObservation[]
  faults: readonly FaultEvidence[]
  /** By Envoy's log of what outlier detection did. */
  ejections: readonly Ejection[]
  /** Of Envoy's counters, those that gained anything. */
  counters: readonly Counter[]
  /** What makes the evidence as a whole unsound, in sentences; empty when all sources agree. */
  unsound: readonly string[]
  /** What a reader should know although it bars no verdict, in sentences. */
  notes: readonly string[]
}

/** What a counter of Envoy gained. */
export interface Counter {
  /** In full: `cluster.inventory.upstream_rq_retry`. */
  name: string
  /** Since Envoy started: also before the first phase and after the last one. */
  total: number
  /** Same order as `Observations.phases`. */
  phases: readonly number[]
}

/** A stretch in which a host was out of the load balancing, in ms after the start of the load. */
export interface Ejection {
  cluster: string
  from: number
  /** Infinite where it did not return before the end. */
  to: number
}

export interface PhaseObservation {
  name: string
  /** Ms after the start of the load, as they really were. */
  from: number
  to: number
  complete: boolean
  /** When the phase's faults were confirmed in force; `from` when it has none. */
  applied: number
  /** How late the generator was, in ms: to send requests, or to notice that time went by. 99th percentile and maximum. */
  lateness: { p99: number; max: number }
  /** How late the stub answered, in ms after its own due time: 99th percentile and maximum; zeros when it saw none. */
  stubLag: { p99: number; max: number }
  /** How long Envoy took to take up requests and attempts, in ms: from the socket of the one before to its own log. */
  envoyLag: { p99: number; max: number }
  /** Stretches in which the generator, Envoy or a stub stood still for longer than they should; in order, apart. */
  stalls: readonly Stall[]
  /** `outlier_detection.ejections_enforced_total` of each cluster, gained in this phase. */
  ejections: Readonly<Record<string, number>>
  /** `upstream_cx_overflow` of each cluster, gained in this phase: how often max_connections allowed no further connection. */
  connectionOverflows: Readonly<Record<string, number>>
}

/** From when to when something stood still, in ms after the start of the load. */
export interface Stall {
  from: number
  to: number
  /** When what had piled up meanwhile was gone, too. */
  until: number
}

/** How often a planned fault really happened, from sources that do not know of each other. */
export interface FaultEvidence {
  id: string
  phase: number
  /** Attempts (upstream) or requests (ingress) that matched the fault's condition while it was in force. */
  matched: number
  /** Those that met it, by the access log of the listener that made it. */
  met: number
  /** Of a fault for which requests are chosen before the run: how many of those met it. Left out where Envoy draws. */
  metRequests?: number
  /** Of a ramp: what it comes to at the times of those that matched. Left out where the percentage stays. */
  ramp?: RampShare
  /** Gained in the phase by `http.<stat_prefix>.fault.<counter>` of its listeners; shared by the faults of one kind there. */
  counted: number
  /** Those that must have met it, by what others saw (for an abort: attempts that no stub received, or that the hop of a container did not send on). */
  inferred: number
  /** Why the evidence does not bear the asked share, in a sentence; null when it does. */
  doubt: string | null
}
