import { ChaosError, EXIT, type ExitCode } from '../errors.ts'
import { compareRuns, figuresOfRun } from '../report/compare.ts'
import { comparisonJson, comparisonMarkdown, renderComparison } from '../report/compare-text.ts'
import { tell, tellJson, terminalOf } from '../terminal.ts'
import { rejudge } from './report.ts'

export interface CompareFlags {
  failOnRegression?: boolean
  json?: boolean
  markdown?: boolean
  color: boolean
}

/** Two runs beside each other. The exit code says something only where that was asked for. */
export function compareCommand(directories: readonly string[], flags: CompareFlags): ExitCode {
  const [a, b, ...more] = directories
  if (a === undefined || b === undefined || more.length > 0)
    throw new ChaosError('badInput', `--compare takes the folders of two runs, and got ${directories.length}`, {
      hint: 'chaos report --compare baseline/ chaos-results/…: the second is judged by the first',
    })
  const before = figuresOfRun(rejudge(a))
  const comparison = compareRuns(before, figuresOfRun(rejudge(b)))
  if (flags.json) tellJson(comparisonJson(comparison))
  else if (flags.markdown) tell(process.stdout, comparisonMarkdown(comparison))
  else tell(process.stdout, `${renderComparison(comparison, terminalOf(process.stdout, flags.color))}\n`)
  if (!flags.failOnRegression) return EXIT.pass
  return { pass: EXIT.pass, fail: EXIT.expectationFailed, inconclusive: EXIT.inconclusive }[comparison.status]
}
