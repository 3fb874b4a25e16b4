import { plural } from '../value/show.ts'
import { countOutcomes, endingOf } from './ending.ts'
import type { FinishedRun } from './finished-run.ts'
import { padEnd, printable } from './layout.ts'
import { type Look, painter } from './paper.ts'

const STYLE = { pass: 'green', fail: 'red', inconclusive: 'yellow', error: 'magenta', interrupted: 'magenta' } as const

/** Several scenarios: a line each, in the order they ran, and how many ended in which way; ends without a line break. */
export function renderTotal(runs: readonly Pick<FinishedRun, 'scenario' | 'ended' | 'verdict'>[], { color }: Look): string {
  const paint = painter(color)
  const endings = runs.map(endingOf)
  const width = Math.max(...endings.map((ending) => ending.length))
  const lines = runs.map((run, i) => {
    const ending = endings[i] as (typeof endings)[number]
    return `  ${paint(STYLE[ending], padEnd(ending, width))}  ${printable(run.scenario.file)}  ${paint('dim', countOutcomes(run.verdict.outcomes))}`
  })
  const counts = Object.keys(STYLE).flatMap((ending) => {
    const count = endings.filter((each) => each === ending).length
    return count === 0 ? [] : [`${count} ${ending}`]
  })
  return [paint('bold', 'SCENARIOS'), ...lines, '', `${plural(runs.length, 'scenario')}: ${counts.join(', ')}`].join('\n')
}
