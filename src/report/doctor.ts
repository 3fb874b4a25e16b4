import type { Check, Diagnosis } from '../doctor/check.ts'
import { padEnd, printable, wrap, wrapClauses } from './layout.ts'
import { type Look, type Paper, painter } from './paper.ts'

const MARKS = { ok: ['✓', 'green'], note: ['–', 'yellow'], gap: ['✗', 'red'] } as const
const WIDEST = 120

/** For people: what can be run, and each thing that was looked at; of a gap, what it means and what to do. Ends without a line break. */
export function renderDiagnosis({ version, platform, runtimes, machine, docker }: Diagnosis, look: Look): string {
  const page = { paint: painter(look.color), width: Math.min(WIDEST, look.width) }
  const ways = runtimes.map(({ name, ready, found }): Check => ({ name, status: ready ? 'ok' : 'gap', found }))
  const sections = [
    [page.paint('bold', `chaos ${version} on ${platform}`)],
    ['RUNTIMES', ...checkLines(ways, page)],
    ['THIS MACHINE', ...checkLines(machine, page)],
    ['DOCKER', ...checkLines(docker, page)],
    [conclusion(ways, page)],
  ]
  return sections.map((lines) => lines.join('\n')).join('\n\n')
}

function checkLines(checks: readonly Check[], { paint, width }: Pick<Paper, 'paint' | 'width'>): string[] {
  const nameCells = Math.max(...checks.map(({ name }) => name.length)) + 2
  const indent = ' '.repeat(4 + nameCells)
  return checks.flatMap(({ name, status, found, meaning, remedy, detail = [] }, i) => {
    const next = checks[i + 1]
    // What several have in common is said once, below the last of them.
    const isSaidBelow = remedy !== undefined && next?.remedy === remedy && next.meaning === meaning
    const [mark, color] = MARKS[status]
    const [first = '', ...rest] = wrap(printable(found), width, indent)
    return [
      `  ${paint(color, mark)} ${padEnd(name, nameCells)}${first.slice(indent.length)}`,
      ...rest,
      ...detail.flatMap((line) => wrap(printable(line), width, `${indent}  `)).map((line) => paint('dim', line)),
      ...(meaning === undefined || isSaidBelow ? [] : wrap(printable(meaning), width, indent)),
      ...(remedy === undefined || isSaidBelow ? [] : wrapClauses(printable(remedy), width, `${indent}→ `, `${indent}  `)),
    ]
  })
}

function conclusion(ways: readonly Check[], { paint }: Pick<Paper, 'paint'>): string {
  const ready = ways.filter(({ status }) => status === 'ok').map(({ name }) => name)
  if (ready.length === ways.length) return paint('green', 'Scenarios can be run as processes and with Docker.')
  if (ready.length === 0) return paint('red', 'No scenario can be run on this machine as it is.')
  return ready[0] === 'process'
    ? paint('yellow', 'Scenarios can be run as processes; those with `image` or `build` need Docker.')
    : paint('yellow', 'Scenarios can be run with Docker only.')
}
