import { type PhasePrediction, type Prediction, together } from '../predict/predict.ts'
import { plural } from '../value/show.ts'
import { showFactor, showRange, showShare } from '../verdict/show.ts'
import { besides } from './beside.ts'
import { duration } from './figures.ts'
import type { FinishedRun } from './finished-run.ts'
import { clip, padEnd, wrap, wrapClauses } from './layout.ts'
import type { Paper } from './paper.ts'

const MOST_PHASES = 8
const WIDEST_PHASE = 30
const NOT_PREDICTED = 'not predicted'

/** Why something of a phase is not predicted, or not to a point: each reason once. */
export const openIn = ({ kinds }: PhasePrediction): string[] => [...new Set(kinds.flatMap(({ why }) => why))]

/** What follows by arithmetic alone, phase by phase, for before the run: a small table, and what it leaves open. */
export function predictionLines({ phases, none }: Prediction, { width, paint, say }: Paper): string[] {
  if (none !== null) return wrap(say(none), width)
  const shown = phases.slice(0, MOST_PHASES)
  const rows = [
    ['BY ARITHMETIC', 'success', 'attempts', 'slowest'],
    ...shown.map((phase) => [`  ${clip(say(phase.name), WIDEST_PHASE)}`, ...figuresOf(phase)]),
  ]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const table = rows.map((row) => clip(row.map((cell, column) => padEnd(cell, widths[column] ?? 0)).join('  '), width).trimEnd())
  const [head = '', ...body] = table
  const left =
    phases.length > shown.length ? [paint('dim', `  … ${plural(phases.length - shown.length, 'more phase')}: see chaos explain`)] : []
  return [paint('bold', head), ...body.flatMap((line, i) => [line, ...reasons(shown[i])]), ...left]

  function reasons(phase: PhasePrediction | undefined): string[] {
    return (phase === undefined ? [] : openIn(phase))
      .flatMap((why) => wrapClauses(say(why), width, '    '))
      .map((line) => paint('yellow', line))
  }
}

/** `99.9%`, `1.11`, `825ms`: what is expected of a phase as a whole. */
export function figuresOf({ kinds }: Pick<PhasePrediction, 'kinds'>): [string, string, string] {
  const success = together(kinds, 'success')
  const attempts = together(kinds, 'attempts')
  const slowest = Math.max(0, ...kinds.map((kind) => kind.slowest.ms))
  return [
    success === null ? NOT_PREDICTED : showRange(success, showShare),
    attempts === null ? '–' : showRange(attempts, showFactor),
    Number.isFinite(slowest) ? `≤ ${duration(slowest)}` : 'no limit',
  ]
}

/** After the run: where it went otherwise than the arithmetic says, by more than chance explains. */
export function differenceLines(run: FinishedRun, { width, paint, say }: Paper): string[] {
  const lines = besides(run).flatMap(({ phase, differs }) =>
    differs.flatMap((sentence) => {
      const [first = '', ...rest] = wrapClauses(say(`${phase}: ${sentence}`), width, '    ')
      return [`  ${paint('yellow', '~')} ${first.trimStart()}`, ...rest]
    }),
  )
  return lines.length === 0 ? [] : [paint('bold', 'OTHERWISE THAN PREDICTED'), ...lines]
}
