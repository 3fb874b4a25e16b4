import { differenceOfEnds, type Estimate, shareDifference } from '../statistics/difference.ts'
import { endingOf } from './ending.ts'
import type { FinishedRun } from './finished-run.ts'
import { type Figure, type PhaseFigures, phaseFigures } from './phase-figures.ts'

/**
 * better, worse: the interval of the difference leaves out 0; regression: all of it is worse by more than a tolerance;
 * none: no difference is shown, and a large one would have been; unknown: a large one could have gone unseen.
 */
export type Change = 'better' | 'worse' | 'regression' | 'none' | 'unknown'

export interface Row {
  phase: string
  figure: Figure
  a: Estimate
  b: Estimate
  difference: Estimate
  change: Change
}

export interface Comparison {
  a: Side
  b: Side
  rows: Row[]
  /** What keeps it from telling more, in sentences. */
  warnings: string[]
  /** `inconclusive` where a regression may have gone unseen, or where what is worse may be so because a run was disturbed. */
  status: 'pass' | 'fail' | 'inconclusive'
}

interface Side {
  id: string
  scenario: string
  directory: string
}

interface Rule {
  /** Whether more of it is worse, or less. */
  worse: 1 | -1
  isShare: boolean
  /** What a worsening must exceed, whole interval, to be a regression; and what must not be possible without being seen. Of A's value, or of shares as they are. */
  tolerance: number
  large: number
}

export const RULES: Readonly<Record<Figure, Rule>> = {
  success_rate: { worse: -1, isShare: true, tolerance: 0.002, large: 0.1 },
  p50: { worse: 1, isShare: false, tolerance: 0.1, large: 1 },
  p90: { worse: 1, isShare: false, tolerance: 0.1, large: 1 },
  p99: { worse: 1, isShare: false, tolerance: 0.1, large: 2 },
  attempts_per_request: { worse: 1, isShare: false, tolerance: 0.02, large: 0.5 },
  breaker_rejections: { worse: 1, isShare: true, tolerance: 0.002, large: 0.1 },
  goodput: { worse: -1, isShare: false, tolerance: 0.02, large: 0.5 },
}

/** Below that a 99th percentile has no upper bound: see `quantileInterval`. */
const MOST_FOR_P99 = 368

export interface Figures extends Side {
  phases: PhaseFigures[]
  /** Why nothing can be concluded from it, or null. */
  doubt: string | null
}

/** All that a comparison needs of a run, so that the records of one need not stay while the other is read. */
export function figuresOfRun(run: FinishedRun): Figures {
  const ending = endingOf(run)
  const sound = ending === 'pass' || ending === 'fail'
  return {
    id: run.id,
    scenario: run.scenario.name,
    directory: run.directory,
    phases: phaseFigures(run),
    doubt: sound ? null : `${run.id} ended ${ending === 'error' ? 'with an error' : ending}: what it saw bears no conclusion`,
  }
}

/** What `b` is beside `a`, phase by phase, by what both have. */
export function compareRuns(a: Figures, b: Figures): Comparison {
  const warnings = [a, b].flatMap(({ doubt }) => doubt ?? [])
  const doubts = warnings.length
  if (a.scenario !== b.scenario)
    warnings.push(`the runs are of different scenarios, “${a.scenario}” and “${b.scenario}”: what differs between them may come from that`)
  const rows: Row[] = []
  for (const phase of a.phases) {
    const other = b.phases.find(({ name }) => name === phase.name)
    if (other === undefined) continue
    for (const figure of Object.keys(RULES) as Figure[]) {
      const [one, two] = [phase.figures[figure], other.figures[figure]]
      if (one === undefined || two === undefined) continue
      if (figure === 'p99' && Math.min(phase.requests, other.requests) < MOST_FOR_P99) continue
      rows.push(rowOf(phase.name, figure, one, two))
    }
    if (Math.min(phase.requests, other.requests) < MOST_FOR_P99)
      warnings.push(
        `${phase.name}: p99 is not compared: that takes ${MOST_FOR_P99} requests, and there are ${Math.min(phase.requests, other.requests)}`,
      )
  }
  const names = (one: Figures) => one.phases.map(({ name }) => name)
  const alone = [...names(a).filter((name) => !names(b).includes(name)), ...names(b).filter((name) => !names(a).includes(name))]
  if (alone.length > 0) warnings.push(`not compared, since only one of the runs has it: ${alone.join(', ')}`)
  if (rows.length === 0) warnings.push('there is nothing that both runs have')
  const has = (change: Change) => rows.some((row) => row.change === change)
  const open = doubts > 0 || rows.length === 0 || alone.length > 0 || has('unknown')
  return { a: sideOf(a), b: sideOf(b), rows, warnings, status: doubts === 0 && has('regression') ? 'fail' : open ? 'inconclusive' : 'pass' }
}

const sideOf = ({ id, scenario, directory }: Side): Side => ({ id, scenario, directory })

function rowOf(phase: string, figure: Figure, a: Estimate, b: Estimate): Row {
  const { isShare } = RULES[figure]
  const difference = (isShare ? shareDifference : differenceOfEnds)(a, b)
  return { phase, figure, a, b, difference, change: changeOf(RULES[figure], a, difference) }
}

export function changeOf({ worse, isShare, tolerance, large }: Rule, a: Estimate, { low, high }: Estimate): Change {
  const unit = isShare ? 1 : a.value
  // How much worse it is, at least and at most.
  const [least, most] = worse > 0 ? [low, high] : [-high, -low]
  // An unanswered quantile has no size that others could be measured by.
  if (!Number.isFinite(unit) || Number.isNaN(least) || Number.isNaN(most)) return 'unknown'
  if (least > tolerance * unit) return 'regression'
  if (least > 0) return 'worse'
  if (most < 0) return 'better'
  return most > large * unit ? 'unknown' : 'none'
}
