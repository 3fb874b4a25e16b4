import { alongRamp, successAlong } from './along-ramp.ts'
import { askedAndMet, faultTarget, independentSources, replicasOf } from './fault-words.ts'
import type { FinishedRun } from './finished-run.ts'
import { clip, wrap, wrapClauses } from './layout.ts'
import type { Paper } from './paper.ts'

const MOST_FAULTS = 8
const WIDEST_PHASE = 24

/** What was asked of each fault against what really happened: a run whose faults missed their share proves nothing. */
export function faultLines({ plan, observations }: FinishedRun, { width, paint, say }: Paper): string[] {
  const told = (observations?.faults ?? [])
    .flatMap((evidence) => {
      const fault = plan.faults.find((planned) => planned.id === evidence.id)
      return fault === undefined ? [] : [{ fault, evidence }]
    })
    .toSorted((a, b) => Number(a.evidence.doubt === null) - Number(b.evidence.doubt === null))
  if (told.length === 0) return []

  const lines = told.slice(0, MOST_FAULTS).flatMap(({ fault, evidence }) => {
    const sign = evidence.doubt === null ? paint('green', '✓') : paint('yellow', '?')
    const phase = clip(say(plan.phases[fault.phase]?.name ?? fault.id), WIDEST_PHASE)
    const main = `${phase}: ${say(faultTarget(fault, replicasOf(fault.cluster, plan)))}, ${askedAndMet(fault, evidence)}`
    const parts = alongRamp(fault, plan, observations?.records ?? [])
    const along = parts === null ? '' : `; ${successAlong(parts)}`
    const lines = wrapClauses(`${main}; ${independentSources(fault, evidence, plan)}${along}`, width, '    ')
    const doubt = evidence.doubt === null ? [] : wrap(say(evidence.doubt), width, '    ').map((line) => paint('yellow', line))
    return [`  ${sign} ${(lines[0] as string).trimStart()}`, ...lines.slice(1), ...doubt]
  })
  if (told.length > MOST_FAULTS) lines.push(paint('dim', `  … ${told.length - MOST_FAULTS} more, see results.json`))
  return [paint('bold', 'FAULTS'), ...lines]
}
