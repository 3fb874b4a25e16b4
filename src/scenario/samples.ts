import type { Problem } from '../errors.ts'
import { LONGEST_MS } from '../units.ts'
import { plural, show } from '../value/show.ts'
import { frame } from './frame.ts'

const MAX_PROBLEMS = 20

/**
 * Reads service times: one number of ms a line; blank lines and lines that begin with `#` do not count.
 * @param file - as messages should name it
 */
export function parseSamples(text: string, file: string): { samples: number[]; problems: Problem[] } {
  const samples: number[] = []
  const problems: Problem[] = []
  const report = (line: number, raw: string, message: string, hint: string) => {
    const col = raw.length - raw.trimStart().length + 1
    if (problems.length < MAX_PROBLEMS) problems.push({ file, line, col, message, hint, frame: frame(raw, line, col) })
  }
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/)
  for (const [index, raw] of lines.entries()) {
    const written = raw.trim()
    if (written === '' || written.startsWith('#')) continue
    const value = /^\d{1,12}(\.\d{1,9})?$/.test(written) ? Number(written) : undefined
    if (value === undefined)
      report(index + 1, raw, `expected a number of ms from 0, got ${show(written)}`, 'write one number a line, without its unit: 12.5')
    else if (value > LONGEST_MS)
      report(
        index + 1,
        raw,
        `expected a number of ms that a timer can hold (at most 24 days), got ${show(written)}`,
        'the numbers are ms, not µs or ns',
      )
    else samples.push(value)
  }
  if (samples.length === 0 && problems.length === 0) {
    problems.push({
      file,
      line: 1,
      col: 1,
      message: `expected one number of ms a line, got ${text.trim() === '' ? 'an empty file' : `${plural(lines.length, 'line')} without a number`}`,
    })
  }
  return { samples, problems }
}
