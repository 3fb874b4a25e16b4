import { courseLines } from './course-lines.ts'
import { countOutcomes, type Ending, endingOf } from './ending.ts'
import { expectationLines } from './expectations.ts'
import { factLines } from './facts.ts'
import { faultLines } from './fault-lines.ts'
import type { FinishedRun } from './finished-run.ts'
import { happenedLines } from './happened-lines.ts'
import { cells, clip } from './layout.ts'
import { type Look, type Paper, paper, type Style } from './paper.ts'
import { differenceLines } from './prediction-lines.ts'
import { whyLines } from './why.ts'

const BADGES: Record<Ending, Style> = {
  pass: ['bold', 'black', 'bgGreen'],
  fail: ['bold', 'white', 'bgRed'],
  inconclusive: ['bold', 'black', 'bgYellow'],
  error: ['bold', 'white', 'bgRed'],
  interrupted: ['bold', 'black', 'bgYellow'],
}

/** A name cut to less says nothing. */
const SHORTEST_NAME = 8

/** The end of a run on one screen: what was claimed, why it does not hold, the evidence, and last, next to the prompt, the verdict. Ends without a line break. */
export function renderSummary(run: FinishedRun, look: Look): string {
  const page = paper(look, run.scenario)
  const sections = [
    expectationLines(run, page),
    whyLines(run, page),
    faultLines(run, page),
    // Where a setting is to blame, that it went otherwise follows from it; results.json has it all.
    isBlamed(run) ? [] : differenceLines(run, page),
    courseLines(run, page),
    factLines(run, page),
    happenedLines(run, page),
    [verdictLine(run, page)],
  ]
  return sections
    .filter((section) => section.length > 0)
    .map((section) => section.join('\n'))
    .join('\n\n')
}

const isBlamed = ({ happened }: FinishedRun) => happened.some(({ setting }) => setting !== undefined)

export function verdictLine(run: FinishedRun, { color, width, paint, say }: Paper): string {
  const ending = endingOf(run)
  // The blanks belong to the coloured field; without colour the word begins the line, where `grep ^FAIL` finds it.
  const badge = color ? ` ${ending.toUpperCase()} ` : ending.toUpperCase()
  const counts = countOutcomes(run.verdict.outcomes) || 'nothing was judged'
  const room = width - cells(badge) - 1
  const forName = room - cells(counts) - 2
  const name = forName < SHORTEST_NAME ? '' : `${paint('bold', clip(say(run.scenario.name), forName))}: `
  return `${paint(BADGES[ending], badge)} ${name}${clip(counts, room)}`
}
