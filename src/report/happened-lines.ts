import type { FinishedRun } from './finished-run.ts'
import { wrapClauses } from './layout.ts'
import type { Paper } from './paper.ts'

/** The rest stands in results.json: the end of a run fits on one screen. */
const MOST_SHOWN = 4

/** What went on, in words; which setting is to blame stands out. */
export function happenedLines({ happened }: FinishedRun, { width, paint, say }: Paper): string[] {
  const lines = happened.slice(0, MOST_SHOWN).flatMap(({ text, setting }) => {
    const [first = '', ...rest] = wrapClauses(say(text), width - 4)
    const sign = setting === undefined ? paint('dim', '·') : paint('red', '!')
    return [`  ${sign} ${first}`, ...rest.map((line) => `    ${line}`)]
  })
  return lines.length === 0 ? [] : [paint('bold', 'WHAT HAPPENED'), ...lines]
}
