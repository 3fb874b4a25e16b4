import type { ChaosError, Problem } from '../errors.ts'
import { endedSentence, endingOf } from './ending.ts'
import type { FinishedRun } from './finished-run.ts'
import { printable } from './layout.ts'
import { masker, secretValues } from './mask.ts'
import { titleWithMetric } from './why.ts'

/** What GitHub shows at a line of a file, or of the whole job where it names none. */
export interface Annotation {
  level: 'error' | 'warning'
  /** As it was given to chaos. */
  file?: string
  line?: number
  col?: number
  title: string
  message: string
}

/** GitHub shows so many errors of a step, and so many warnings; of the rest it says nothing. */
export const MOST_SHOWN = 10

/**
 * A workflow command, which GitHub's runner reads from the standard output of a step.
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */
export function workflowCommand({ level, message, ...properties }: Annotation): string {
  const named = (['file', 'line', 'col', 'title'] as const).flatMap((name) => {
    const value = properties[name]
    return value === undefined ? [] : [`${name}=${property(String(value))}`]
  })
  return `::${level} ${named.join(',')}::${data(message)}`
}

/** The runner takes these back, and nothing else. */
const data = (text: string) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
const property = (text: string) => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')

/** Each claim of a run that does not hold or is open, and what ended the run or makes its evidence unsound; the worst first. */
export function runAnnotations(run: FinishedRun): Annotation[] {
  const mask = masker(secretValues(run.scenario))
  const say = (text: string) => printable(mask(text))
  const { ended, observations, scenario, verdict } = run
  const whole = (title: string, message: string): Annotation => ({
    level: 'error',
    file: scenario.file,
    line: 1,
    title,
    message: say(message),
  })
  const claims = (['fail', 'inconclusive'] as const).flatMap((status) =>
    verdict.outcomes
      .filter((outcome) => outcome.status === status)
      .map(
        (outcome): Annotation => ({
          level: 'error',
          file: scenario.file,
          line: outcome.at.line,
          col: outcome.at.col,
          title: `${status === 'fail' ? 'failed' : 'inconclusive'}: ${say(titleWithMetric(outcome))}`,
          message: `asked ${say(outcome.asked)}, seen ${say(outcome.seen ?? 'no data')}\n${say(outcome.why ?? '')}`.trimEnd(),
        }),
      ),
  )
  const doubts = (observations?.faults ?? []).flatMap(({ doubt }) => doubt ?? [])
  const all = [
    ...(ended === null ? [] : [whole(endingOf(run), endedSentence(ended, run))]),
    ...(observations?.unsound ?? []).map((sentence) => whole('inconclusive', sentence)),
    ...claims,
  ]
  if (all.length > 0 || endingOf(run) === 'pass') return mostOf(all)
  // A planned fault that did not happen bars a pass, be there a claim on its phase or not.
  return mostOf((doubts.length > 0 ? doubts : [`the verdict is ${verdict.status}`]).map((doubt) => whole('inconclusive', doubt)))
}

/** Each problem of a file at its place, or where there is none the error itself. */
export function errorAnnotations(error: ChaosError): Annotation[] {
  if (error.problems.length > 0) return mostOf(error.problems.map((problem) => problemAnnotation(problem, 'error')))
  const message = [error.message, ...error.detail, ...(error.hint === undefined ? [] : [`hint: ${error.hint}`])]
  return [{ level: 'error', title: 'chaos', message: message.map(printable).join('\n') }]
}

export function problemAnnotation({ file, line, col, message, hint }: Problem, level: Annotation['level']): Annotation {
  const told = [message, ...(hint === undefined ? [] : [`hint: ${hint}`])]
  return { level, file, line, col, title: 'chaos', message: told.map(printable).join('\n') }
}

/** Where there are more than are shown, the last one says so. */
function mostOf(all: readonly Annotation[]): Annotation[] {
  if (all.length <= MOST_SHOWN) return [...all]
  const shown = all.slice(0, MOST_SHOWN - 1)
  const next = all[MOST_SHOWN - 1] as Annotation
  return [...shown, { ...next, title: 'chaos', message: `${all.length - shown.length} more, of which this is the first: ${next.message}` }]
}
