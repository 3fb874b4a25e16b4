import type { Sentence } from '../happened/sentence.ts'
import type { Observations } from '../observe/observations.ts'
import type { Plan } from '../plan/plan.ts'
import type { Prediction } from '../predict/predict.ts'
import type { Scenario } from '../scenario/scenario.ts'
import type { Verdict } from '../verdict/verdict.ts'

/** A run that is over, however it ended: all that a report is made from. */
export interface FinishedRun {
  /** Name of the folder of its results. */
  id: string
  chaosVersion: string
  scenario: Scenario
  plan: Plan
  /** What followed from both by arithmetic, before the run. */
  prediction: Prediction
  /** Null when the run ended before anything could be observed. */
  observations: Observations | null
  verdict: Verdict
  /** What went on and which settings are to blame, the most important first. */
  happened: readonly Sentence[]
  /** What ended the run early; null for a run that went its whole way. */
  ended: Ended | null
  /** ISO 8601, UTC. */
  startedAt: string
  /** The start of the load, from which all times of the evidence count, in ms since 1970; null where nothing was played. */
  loadFrom: number | null
  /** Wall clock, start-up and clean-up included. */
  durationMs: number
  /** From the first due time to the last answer. */
  loadMs: number
  runtime: 'process' | 'docker'
  envoy: { path: string; version: string | null; source: string } | null
  /** What the user should know though it decides nothing, in sentences. */
  warnings: readonly string[]
  /** argv that repeats this run, program first. */
  command: readonly string[]
  /** Where the results stand, as the user would type it. */
  directory: string
}

/** The signals that end a run early, with what was seen so far. */
export type EndingSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

export type Ended =
  | { by: 'interrupt'; signal: EndingSignal }
  | { by: 'environment'; message: string; hint: string | null; detail: readonly string[] }
