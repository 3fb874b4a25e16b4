import type { ChaosError, Problem } from './errors.ts'
import { compilePlan } from './plan/compile.ts'
import type { Plan } from './plan/plan.ts'
import { unchosen } from './plan/unchosen.ts'
import { type Prediction, predict } from './predict/predict.ts'
import { tierFindings } from './predict/tiers.ts'
import { isPlannable } from './scenario/check-load.ts'
import { noContainersHere } from './scenario/containers.ts'
import { isEcho } from './scenario/echo.ts'
import type { Finding } from './scenario/finding.ts'
import { ALL_PARTS } from './scenario/mend.ts'
import { type Draft, inOrder, refusal } from './scenario/parse.ts'
import { missingProgram } from './scenario/programs.ts'
import { readDraft } from './scenario/read.ts'
import { goesStraight, knownRouteOf, requestsOf } from './scenario/routing.ts'
import type { Scenario } from './scenario/scenario.ts'
import { warningFindings } from './scenario/warn.ts'
import { contradicted } from './verdict/contradicted.ts'
import { undecidable } from './verdict/decidable.ts'

/** A scenario that is ready to run: sound, planned, and with claims that its load can decide. */
export interface Prepared {
  scenario: Scenario
  plan: Plan
  /** What follows from both by arithmetic. */
  prediction: Prediction
  warnings: readonly Warning[]
  /** The program of the app is not on this machine: nothing wrong with the scenario, but it cannot be run here. */
  lacking: Problem | undefined
}

/** Something of a sound scenario that has no effect, at its place: it keeps nothing from running. */
export type Warning = Problem

export interface PrepareOptions {
  /** In place of the scenario's own. */
  seed?: number
  /** A host that load may go to although the run does not start it and it is not this machine. */
  allowTarget?: string
  /** Where it is to run; undefined: wherever it can. */
  runtime?: 'process'
  /** The PATH of whoever starts the run, on which the program of an app is looked for. */
  path?: string | undefined
}

/** Everything that can be found wrong before something starts. @throws ChaosError `badInput` with all problems of the file. */
export function prepare(file: string, options: PrepareOptions): Prepared {
  const { prepared, refused } = examine(file, options)
  if (refused !== undefined) throw refused
  return prepared
}

/**
 * What a scenario comes to, and why it is refused, if it is. It is told of a refused one, too, where all but its claims
 * is as it was written.
 * @throws ChaosError `badInput` with all problems of the file where that is not so
 */
export function examine(file: string, options: PrepareOptions): { prepared: Prepared; refused: ChaosError | undefined } {
  const draft = readDraft(file)
  const scenario: Scenario = options.seed === undefined ? draft.scenario : { ...draft.scenario, seed: options.seed }
  // A load beyond all bounds is among the problems; planning it would fill the memory.
  const plan = isWhole(draft) && isPlannable(scenario) ? compilePlan(scenario) : undefined
  const problems = [
    ...draft.problems,
    ...refuseTarget(scenario, options.allowTarget).map((finding) => draft.located(finding, 'bare')),
    ...(options.runtime === 'process' ? noContainersHere(scenario) : []).map((finding) => draft.located(finding)),
    ...(plan === undefined ? [] : unchosen(scenario, plan)).map((finding) => draft.located(finding)),
    ...(plan === undefined ? [] : unprovable(scenario, plan, draft)).map((finding) => draft.located(finding, 'bare')),
  ]
  const refused = problems.length > 0 || plan === undefined ? refusal(file, problems) : undefined
  if (plan === undefined || (refused && !draft.claimsOnly)) throw refused
  const prediction = predict(scenario, plan)
  const program = missingProgram(scenario, options.path)
  const lacking = program && draft.located(program)
  if (refused) return { prepared: { scenario, plan, prediction, warnings: [], lacking }, refused }
  const warnings = [
    ...[...warningFindings(scenario), ...tierFindings(scenario)].map((finding) => draft.located(finding)),
    ...contradicted(scenario, plan, prediction).map((finding) => draft.located(finding, 'bare')),
  ]
  return { prepared: { scenario, plan, prediction, warnings: inOrder(file, warnings), lacking }, refused }
}

/** Whether all but the claims is as it was written. */
const isWhole = ({ sound }: Draft) => [...ALL_PARTS].every((part) => sound.has(part))

/** Claims that the planned load cannot decide, without those that only repeat what was found before. */
function unprovable(scenario: Scenario, plan: Plan, { findings, isMadeUp }: Draft): Finding[] {
  const kinds = requestsOf(scenario)
  const clusterOf = (index: number) => {
    const kind = kinds[index]
    return kind && goesStraight(scenario) ? knownRouteOf(scenario, kind) : undefined
  }
  return undecidable(scenario, plan, clusterOf).filter(({ path }) => !isMadeUp(path) && !isEcho(path, scenario, findings))
}

/** Load and faults go only to what the run itself started, or to this machine. */
function refuseTarget(scenario: Scenario, allowed: string | undefined): Finding[] {
  const { target } = scenario.load
  if (target === undefined) return []
  const host = new URL(target).hostname
  if (host === allowed || isLoopback(host)) return []
  return [
    {
      path: ['load', 'target'],
      message: `load.target ${host} is neither started by this run nor this machine`,
      hint: `if it is yours to load, say so with --allow-target ${host}`,
    },
  ]
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}
