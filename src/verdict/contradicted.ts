import type { Plan } from '../plan/plan.ts'
import type { Range } from '../predict/outcome.ts'
import { type KindPrediction, type Prediction, together } from '../predict/predict.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { type Claim, type ClaimOf, claimsOf, quote } from './claim.ts'
import type { Undecidable } from './decidable.ts'
import { decide } from './decide.ts'
import { phasesOf } from './select.ts'
import { showFactor, showRange, showShare } from './show.ts'

/** The normal quantile of a two-sided 99.9 % interval. */
const Z999 = 3.29
/** The arithmetic leaves out what a machine adds: nothing is called a contradiction that is not further off than this. */
const SLACK = 0.005

/**
 * Claims that a run will very likely refute, since they contradict what follows from the scenario's own faults and
 * policy. They are warned of and not refused: the arithmetic knows only the scenario, and a test may well be meant to fail.
 */
export function contradicted(scenario: Scenario, plan: Plan, prediction: Prediction): Undecidable[] {
  return scenario.expect.flatMap((expectation, index) =>
    claimsOf(expectation, index).flatMap((claim): Undecidable[] => {
      if (!foreseeable(claim)) return []
      const foreseen = foresee(claim, plan, prediction)
      if (foreseen === undefined || decide(claim.condition, foreseen.interval) !== 'fail') return []
      const phase = expectation.phase === undefined ? 'the phases' : `phase ${JSON.stringify(expectation.phase)}`
      return [
        {
          path: claim.path,
          message: `${quote(claim)} contradicts the arithmetic: ${foreseen.text} follows from the faults and the policy of ${phase}`,
          hint: `chaos explain ${scenario.file} shows how`,
        },
      ]
    }),
  )
}

type Foreseeable = ClaimOf<'share'> | ClaimOf<'factor'>

/** What a request met or how often it was tried selects requests that the arithmetic does not tell apart. */
function foreseeable(claim: Claim): claim is Foreseeable {
  const { given } = claim.expectation
  return (
    given === undefined &&
    (claim.family === 'factor' || (claim.family === 'share' && (claim.of === 'success_rate' || claim.of === 'error_rate')))
  )
}

function foresee(claim: Foreseeable, plan: Plan, prediction: Prediction): { interval: Range; text: string } | undefined {
  const { cluster, request } = claim.expectation
  const kinds: KindPrediction[] = []
  let requests = 0
  for (const index of phasesOf(claim.expectation, plan)) {
    const phase = plan.phases[index]
    if (phase === undefined) continue
    const due = ((prediction.phases[index]?.rate ?? 0) * (phase.to - phase.from)) / 1000
    const chosen = (prediction.phases[index]?.kinds ?? []).filter(
      (kind) => (cluster === undefined || kind.cluster === cluster) && (request === undefined || kind.request === request),
    )
    kinds.push(...chosen.map((kind) => ({ ...kind, share: kind.share * due })))
    requests += chosen.reduce((sum, { share }) => sum + share * due, 0)
  }
  const range = together(kinds, claim.family === 'factor' ? 'attempts' : 'success')
  if (range === null || requests < 1) return undefined
  if (claim.family === 'factor') {
    // As if retries went on without end: then their number is geometric, with this variance. It is less with an end.
    const margin = (value: number) => Z999 * Math.sqrt(((value - 1) * value) / requests) + SLACK * value
    return { interval: { low: range.low - margin(range.low), high: range.high + margin(range.high) }, text: showRange(range, showFactor) }
  }
  const margin = (value: number) => Z999 * Math.sqrt((value * (1 - value)) / requests) + SLACK
  const asked = claim.of === 'success_rate' ? range : { low: 1 - range.high, high: 1 - range.low }
  return { interval: { low: asked.low - margin(asked.low), high: asked.high + margin(asked.high) }, text: showRange(asked, showShare) }
}
