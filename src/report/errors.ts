import type { ChaosError, Problem } from '../errors.ts'
import { printable } from './layout.ts'
import { type Look, type Paper, painter } from './paper.ts'

/**
 * What stderr says of an error, ends without a line break. Lines are not broken: editors and CI find `file:line:col` in
 * them, and a log line is evidence.
 */
export function renderError(error: ChaosError, { color }: Look): string {
  const paint = painter(color)
  const only = error.problems.length === 1 ? error.problems[0] : undefined
  const headed = only === undefined || only.message !== error.message
  const blocks = [
    ...(headed
      ? [
          [
            `${paint(['red', 'bold'], 'chaos:')} ${printable(error.message)}`,
            ...error.detail.map((line) => paint('dim', `    ${printable(line)}`)),
          ],
        ]
      : []),
    ...error.problems.map((problem) => problemLines(problem, paint)),
    ...(error.hint === undefined ? [] : [hintLines(error.hint, paint)]),
    ...(error.problems.length > 1 ? [[countLine(error.problems)]] : []),
  ]
  // The hint belongs to the message where no problems stand between them.
  return error.problems.length === 0 ? blocks.flat().join('\n') : blocks.map((block) => block.join('\n')).join('\n\n')
}

function problemLines({ file, line, col, message, frame, hint }: Problem, paint: Paper['paint']): string[] {
  return [
    `${paint('cyan', printable(`${file}:${line}:${col}`))}: ${printable(message)}`,
    ...(frame === undefined ? [] : frame.replace(/\n+$/, '').split('\n').map(printableFrame)),
    ...(hint === undefined ? [] : hintLines(hint, paint)),
  ]
}

/** What keeps nothing from running is shown as a problem is, and says what it is. */
export function renderWarning(warning: Problem, look: Pick<Look, 'color'>): string {
  return problemLines({ ...warning, message: `warning: ${warning.message}` }, painter(look.color)).join('\n')
}

/** Its blanks put the caret under the place: a tab stays one character. */
const printableFrame = (line: string) => printable(line.replaceAll('\t', ' ')).trimEnd()

function hintLines(hint: string, paint: Paper['paint']): string[] {
  return hint.split('\n').map((line, i) => (i === 0 ? `  ${paint('bold', 'hint:')} ${printable(line)}` : `        ${printable(line)}`))
}

function countLine(problems: readonly Problem[]): string {
  const files = new Set(problems.map((problem) => problem.file))
  return `${problems.length} problems in ${files.size === 1 ? printable([...files][0] as string) : `${files.size} files`}`
}
