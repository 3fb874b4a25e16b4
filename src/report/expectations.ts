import type { Outcome, Status } from '../verdict/verdict.ts'
import { count } from './figures.ts'
import type { FinishedRun } from './finished-run.ts'
import { cells, clip, padEnd, padStart } from './layout.ts'
import type { Paper, Style } from './paper.ts'

/** The table of what was claimed and what was seen, the part of a summary that is read first. */

export const MARKS: Record<Status, { sign: string; style: Style }> = {
  pass: { sign: '✓', style: 'green' },
  fail: { sign: '✗', style: 'red' },
  inconclusive: { sign: '?', style: 'yellow' },
}

const MOST_LINES = 40
const GAP = '  '
const INDENT = '    '
/** Sign and blank in front of a label. */
const SIGN_CELLS = 2
/** What stays for the labels when strange spellings would take the whole line. */
const NARROWEST_LABEL = 12
/** The column that is aligned to the right. */
const NUMBERS = 3
const ALL_PHASES = 'all phases'

export interface Row {
  outcome: Outcome
  heading: string
  label: string
  /** Asked, seen, interval, requests. */
  values: readonly string[]
}

export function expectationLines(run: FinishedRun, { width, paint, say }: Paper): string[] {
  const { rows, more } = claimRows(run, say)
  if (rows.length === 0) return []
  const titles = ['asked', 'seen', rows.some((row) => row.values[2] !== '') ? 'interval' : '', 'n']
  const room = width - INDENT.length - SIGN_CELLS - titles.length * GAP.length
  const widths = columnWidths(titles, rows, room)
  const labelWidth = labelColumn(rows, room - sum(widths))
  const column = (value: string, i: number) =>
    GAP + (i === NUMBERS ? padStart : padEnd)(clip(value, widths[i] as number), widths[i] as number)

  const head = padEnd('EXPECTATIONS', INDENT.length + SIGN_CELLS + labelWidth)
  const lines = [paint('bold', head) + paint('dim', titles.map(column).join(''))]
  let heading = ''
  for (const row of rows) {
    if (row.heading !== heading) lines.push(`  ${clip(row.heading, width - 2)}`)
    heading = row.heading
    const { sign, style } = MARKS[row.outcome.status]
    const mark = INDENT + paint(style, sign)
    const [asked, seen, interval, n] = row.values.map(column) as [string, string, string, string]
    const values = asked + paint(row.outcome.status === 'pass' ? [] : style, seen) + paint('dim', interval + n)
    if (cells(row.label) <= labelWidth) lines.push(`${mark} ${padEnd(row.label, labelWidth)}${values}`)
    else lines.push(`${mark} ${clip(row.label, width - INDENT.length - SIGN_CELLS)}`, INDENT + ' '.repeat(SIGN_CELLS + labelWidth) + values)
  }
  if (more > 0) lines.push(paint('dim', `    … ${more} more, see results.json`))
  return lines
}

/** The outcomes in the order of their phases, as texts; where there are very many, those that say most, and how `more` there are. */
export function claimRows(run: FinishedRun, say: Paper['say']): { rows: readonly Row[]; more: number } {
  const all = inOrderOfPhases(run).map((outcome) => rowOf(outcome, say))
  const rows = mostTelling(all)
  return { rows, more: all.length - rows.length }
}

function inOrderOfPhases({ verdict, plan }: FinishedRun): Outcome[] {
  const place = (outcome: Outcome) => {
    const found = plan.phases.findIndex((phase) => phase.name === outcome.phase)
    return found === -1 ? plan.phases.length : found
  }
  return verdict.outcomes.toSorted((a, b) => place(a) - place(b))
}

/** A title made by chaos repeats phase and metric, which stand in heading and label; one of the user's joins the heading. */
function rowOf(outcome: Outcome, say: Paper['say']): Row {
  const phase = say(outcome.phase ?? ALL_PHASES)
  const title = say(outcome.title)
  const metric = say(outcome.metric)
  const own = title.startsWith(`${phase} · `) ? title.slice(phase.length + 3) : title
  const made = own === metric || own.endsWith(` · ${metric}`)
  return {
    outcome,
    heading: made || own === phase ? phase : `${phase} · ${own}`,
    label: made ? own : metric,
    values: [outcome.asked, outcome.seen ?? 'no data', outcome.interval?.text ?? '', count(outcome.samples)].map(say),
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0)

/** As wide as their values; where these leave no room for a label, the widest give way. */
function columnWidths(titles: readonly string[], rows: readonly Row[], room: number): number[] {
  const widths = titles.map((title, i) => Math.max(cells(title), ...rows.map((row) => cells(row.values[i] as string))))
  for (let over = sum(widths) - (room - NARROWEST_LABEL); over > 0; over--) {
    const widest = widths.indexOf(Math.max(...widths))
    widths[widest] = (widths[widest] as number) - 1
  }
  return widths
}

/** As wide as the labels need, as far as the line allows; the few that are longer take a line of their own. */
function labelColumn(rows: readonly Row[], room: number): number {
  const fitting = rows.map((row) => cells(row.label)).filter((width) => width <= room)
  return Math.max(0, Math.min(room, Math.max('EXPECTATIONS'.length - INDENT.length - SIGN_CELLS, ...fitting)))
}

/** All that did not pass come first when not everything fits; what is shown keeps its order. */
function mostTelling(rows: readonly Row[]): readonly Row[] {
  const ranked = rows.toSorted((a, b) => Number(a.outcome.status === 'pass') - Number(b.outcome.status === 'pass'))
  const chosen = new Set<Row>()
  const headings = new Set<string>()
  for (const row of ranked) {
    const lines = chosen.size + headings.size + 2 + (headings.has(row.heading) ? 0 : 1)
    if (lines > MOST_LINES) break
    chosen.add(row)
    headings.add(row.heading)
  }
  return rows.filter((row) => chosen.has(row))
}
