import type { Plan } from '../plan/plan.ts'
import type { Ended } from '../report/finished-run.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { planShape } from './plan-shape.ts'
import { FORMAT, type StoredEnd, type StoredRun } from './stored-run.ts'
import { storeScenario } from './stored-scenario.ts'

/** What is known of a run when it begins, in the form in which it is stored. */
export function describeRun(
  { scenario, plan }: { scenario: Scenario; plan: Plan },
  {
    chaosVersion,
    runtime,
    command,
    warnings,
    startedAt,
  }: { chaosVersion: string; runtime: StoredRun['runtime']; command: readonly string[]; warnings: readonly string[]; startedAt: Date },
  { document, mask }: { document: unknown; mask(text: string): string },
): Omit<StoredRun, 'end'> {
  return {
    format: FORMAT,
    chaos_version: chaosVersion,
    runtime,
    started_at: startedAt.toISOString(),
    command: command.map(mask),
    warnings: warnings.map(mask),
    scenario: storeScenario(scenario, document),
    seed: plan.seed,
    plan: planShape(plan),
  }
}

export function masked(ended: Ended | null, mask: (text: string) => string): StoredEnd['ended'] {
  if (ended?.by !== 'environment') return ended
  return { ...ended, message: mask(ended.message), hint: ended.hint && mask(ended.hint), detail: ended.detail.map(mask) }
}
