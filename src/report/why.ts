import type { RequestRecord } from '../observe/record.ts'
import type { Records } from '../observe/records.ts'
import type { Outcome } from '../verdict/verdict.ts'
import { endedSentence, endingOf } from './ending.ts'
import { MARKS } from './expectations.ts'
import type { FinishedRun } from './finished-run.ts'
import { cells, padEnd, printable, wrap, wrapClauses } from './layout.ts'
import type { Paper } from './paper.ts'
import { type Story, storyOf } from './story.ts'

const MOST_REASONS = 8
const MOST_STORIES = 3

/** Why a run did not pass: what ended it, what makes its evidence unsound, a sentence per outcome, and some requests as witnesses. */
export function whyLines(run: FinishedRun, paper: Paper): string[] {
  const { width, paint, say } = paper
  const missed = byGravity(run.verdict.outcomes)
  const unsound = run.observations?.unsound ?? []
  const lines: string[] = []
  if (run.ended !== null) lines.push(...endedLines(run.ended, endedSentence(run.ended, run), paper))
  for (const sentence of unsound) lines.push(...wrap(say(sentence), width, '  ? ', '    '))
  const reasons = byReason(missed)
  for (const reason of reasons.slice(0, MOST_REASONS)) lines.push(...reasonLines(reason, run.scenario.file, paper))
  const untold = reasons.slice(MOST_REASONS).reduce((sum, outcomes) => sum + outcomes.length, 0)
  if (untold > 0) lines.push(paint('dim', `  … ${untold} more, see results.json`))
  if (lines.length === 0 && endingOf(run) === 'pass') return []
  // A planned fault that did not happen bars a pass, be there a claim on its phase or not.
  if (lines.length === 0)
    for (const { doubt } of run.observations?.faults ?? []) if (doubt !== null) lines.push(...wrap(say(doubt), width, '  ? ', '    '))
  if (lines.length === 0)
    lines.push(...wrap(`the verdict is ${run.verdict.status}, and no outcome says why: this is a bug in chaos`, width, '  '))

  // What failed is shown by requests; those of an open claim may be sound ones.
  const failed = missed.filter(({ status }) => status === 'fail')
  const witnesses = chooseWitnesses(failed.length > 0 ? failed : missed, run.observations?.records ?? [])
  for (const record of witnesses) lines.push('', ...storyLines(storyOf(record, run.plan), record.id, paper))
  return [paint('bold', 'WHY'), ...lines]
}

/** What a starved machine, or an app that hands on no id, makes of every claim is told once. */
export const byReason = (outcomes: readonly Outcome[]): Outcome[][] => [
  ...Map.groupBy(outcomes, ({ status, why }) => `${status} ${why}`).values(),
]

/** @param outcomes - all with one reason; at least one */
export function reasonLines(outcomes: readonly Outcome[], file: string, { width, paint, say }: Paper): string[] {
  const titles = outcomes.flatMap((outcome) => {
    const { sign, style } = MARKS[outcome.status]
    const place = printable(`${file}:${outcome.at.line}`)
    // Whole, since the metric stands at its end.
    const [title = '', ...more] = wrap(say(titleWithMetric(outcome)), width, '    ').map((line) => line.slice(4))
    const oneLine = more.length === 0 && 4 + cells(title) + 2 + cells(place) <= width
    return [
      `  ${paint(style, sign)} ${paint('bold', title)}${oneLine ? `  ${paint('cyan', place)}` : ''}`,
      ...more.map((line) => `    ${paint('bold', line)}`),
      ...(oneLine ? [] : wrap(place, width, '    ').map((line) => paint('cyan', line))),
    ]
  })
  return [...titles, ...wrap(say(outcomes[0]?.why ?? 'no reason was recorded, which is a bug in chaos'), width, '    ')]
}

/** Titles of the user's own do not say which of their metrics it is. */
export function titleWithMetric({ title, metric }: Outcome): string {
  return title.endsWith(metric) ? title : `${title} · ${metric}`
}

function endedLines(ended: NonNullable<FinishedRun['ended']>, why: string, { width, paint, say }: Paper): string[] {
  const sentence = wrapClauses(say(why), width, '  ', '    ').map((line) => paint(['red', 'bold'], line))
  if (ended.by === 'interrupt') return sentence
  return [
    ...sentence,
    ...ended.detail.flatMap((line) => wrap(say(line), width, '    ', '      ')).map((line) => paint('dim', line)),
    ...(ended.hint === null ? [] : wrap(`hint: ${say(ended.hint)}`, width, '    ', '    ')),
  ]
}

export function storyLines({ head, events }: Story, id: string, { width, paint, say }: Paper): string[] {
  const atWidth = Math.max(0, ...events.map(({ at }) => at.length))
  const hanging = ' '.repeat(4 + atWidth + 2)
  return [
    ...wrap(say(head), width, '  ', '    ').map((line, i) => (i === 0 ? line.replace(id, () => paint('bold', id)) : line)),
    ...events.flatMap(({ at, what }) => wrapClauses(say(what), width, `    ${padEnd(at, atWidth)}  `, `${hanging}  `)),
  ]
}

const byGravity = (outcomes: readonly Outcome[]) =>
  (['fail', 'inconclusive'] as const).flatMap((status) => outcomes.filter((outcome) => outcome.status === status))

/** One example of each outcome before a second of any, so that the stories differ. */
function chooseWitnesses(missed: readonly Outcome[], records: Records): RequestRecord[] {
  const deepest = Math.max(0, ...missed.map((outcome) => outcome.examples.length))
  const ids = new Set<string>()
  for (let rank = 0; rank < deepest; rank++)
    for (const { examples } of missed) {
      const id = examples[rank]
      if (id !== undefined && ids.size < MOST_STORIES) ids.add(id)
    }
  const byId = new Map<string, RequestRecord>()
  if (ids.size > 0) for (const record of records) if (ids.has(record.id)) byId.set(record.id, record)
  return [...ids].flatMap((id) => byId.get(id) ?? [])
}
