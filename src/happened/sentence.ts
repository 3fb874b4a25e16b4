import type { Observations } from '../observe/observations.ts'
import type { Plan } from '../plan/plan.ts'
import type { Scenario } from '../scenario/scenario.ts'
import type { Verdict } from '../verdict/verdict.ts'

/** What went on in a run, told by its evidence. */
export interface Sentence {
  /** Where it was seen; null where that is in several phases. */
  phase: string | null
  /** Ms after the start of the load: when what it tells of began and ended. */
  fromMs: number
  toMs: number
  text: string
  /** The setting of the scenario that is to blame, by its place: `envoy.clusters.inventory.circuit_breakers.max_retries`. */
  setting?: string
}

/** What it is told from. */
export interface Told {
  scenario: Scenario
  plan: Plan
  observations: Observations | null
  verdict: Verdict
}

/** The same with its evidence. */
export interface Seen extends Told {
  observations: Observations
}
