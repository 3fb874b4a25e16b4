import type { Status } from '../verdict/verdict.ts'
import type { FinishedRun } from './finished-run.ts'

/** How a run ended, in one word: the one that decides the exit code. */
export type Ending = Status | 'error' | 'interrupted'

/** A signal counts before the verdict: what was judged until then is not the whole claim. */
export function endingOf(run: Pick<FinishedRun, 'ended' | 'verdict'>): Ending {
  if (run.ended?.by === 'interrupt') return 'interrupted'
  return run.ended === null ? run.verdict.status : 'error'
}

/** `2 failed, 1 inconclusive, 5 passed`: what there is of each, the worst first. */
export function countOutcomes(outcomes: readonly { status: Status }[]): string {
  const words = { fail: 'failed', inconclusive: 'inconclusive', pass: 'passed' } as const
  return (['fail', 'inconclusive', 'pass'] as const)
    .map((status) => ({ status, n: outcomes.filter((outcome) => outcome.status === status).length }))
    .filter(({ n }) => n > 0)
    .map(({ status, n }) => `${n} ${words[status]}`)
    .join(', ')
}

/** Why the run did not go its whole way, in a sentence. */
export function endedSentence(ended: NonNullable<FinishedRun['ended']>, { plan, observations }: FinishedRun): string {
  if (ended.by === 'environment') return ended.message
  const unfinished = plan.phases.filter((_, i) => observations?.phases[i]?.complete !== true).map((phase) => phase.name)
  return `interrupted by ${ended.signal}${unfinished.length === 0 ? ' after its last phase' : `; not finished: ${unfinished.join(', ')}`}`
}
