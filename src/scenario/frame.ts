import type { Problem } from '../errors.ts'

/** What fits a terminal beside the line number. */
const WIDTH = 112
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
const NO_WIDTH = /\p{M}|[\u200b-\u200d]/u

/**
 * The source line with a caret under `col`. A long line is cut to the part around the column.
 *
 *       5 |       percentage: 250
 *         |       ^
 */
export function frame(lineText: string, line: number, col: number): string {
  const at = Math.min(col - 1, lineText.length)
  let start = 0
  let end = lineText.length
  if (lineText.length > WIDTH) {
    start = Math.max(0, Math.min(at - Math.floor(WIDTH / 2), lineText.length - WIDTH))
    end = start + WIDTH
  }
  const before = `${start > 0 ? '…' : ''}${printable(lineText.slice(start, at))}`
  const after = `${printable(lineText.slice(at, end))}${end < lineText.length ? '…' : ''}`
  const gutter = String(line).padStart(5)
  return `${gutter} | ${before}${after}\n${' '.repeat(gutter.length)} | ${' '.repeat(columns(before))}^`
}

/** A problem as a terminal and a log show it. */
export function formatProblem(problem: Problem): string {
  const lines = [`${problem.file}:${problem.line}:${problem.col}: ${problem.message}`]
  if (problem.hint !== undefined) lines.push(`  ${problem.hint}`)
  if (problem.frame !== undefined) lines.push(problem.frame)
  return lines.join('\n')
}

/** A control character in a file must not reach the terminal of the one who reads about it. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
  return text.replace(/[\t\r]/g, ' ').replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]/gu, '·')
}

function columns(text: string): number {
  let width = 0
  for (const char of text) width += NO_WIDTH.test(char) ? 0 : WIDE.test(char) ? 2 : 1
  return width
}
