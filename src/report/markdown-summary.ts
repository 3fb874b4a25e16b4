import { plural } from '../value/show.ts'
import { commandLine } from './command-line.ts'
import { countOutcomes, type Ending, endedSentence, endingOf } from './ending.ts'
import { claimRows } from './expectations.ts'
import { circumstances, totals } from './facts.ts'
import { askedAndMet, faultTarget, replicasOf } from './fault-words.ts'
import type { FinishedRun } from './finished-run.ts'
import { clip, printable } from './layout.ts'
import { code, fenced, prose, table, withinBytes } from './markdown.ts'
import { masker, secretValues } from './mask.ts'
import { timePlot } from './time-plot.ts'
import { byReason, titleWithMetric } from './why.ts'

const BADGES: Record<Ending, string> = {
  pass: '✅ PASS',
  fail: '❌ FAIL',
  inconclusive: '❔ INCONCLUSIVE',
  error: '⚠️ ERROR',
  interrupted: '⚠️ INTERRUPTED',
}
const SIGNS = { pass: '✅', fail: '❌', inconclusive: '❔' } as const

const MOST_REASONS = 8
const MOST_FAULTS = 8
const MOST_WARNINGS = 8
/** Of a text from outside, in cells. */
const LONGEST_SENTENCE = 600
const LONGEST_VALUE = 120

/** GitHub takes 65,536 characters for a comment. */
const MOST_BYTES = 60_000
const CUT = '_Cut to fit: `summary.txt` and `results.json` have the rest._'

/** A run for a comment at a pull request: verdict, claims, why, what to do to have it again, and its course over time. */
export const renderMarkdown = (run: FinishedRun): string => withinBytes(markdownBlocks(run), MOST_BYTES, CUT)

/** The same in blocks, the most telling first, of which the last ones may be left out. */
export function markdownBlocks(run: FinishedRun): string[] {
  const mask = masker(secretValues(run.scenario))
  const say = (text: string) => printable(mask(text))
  const tell = (text: string) => prose(clip(say(text), LONGEST_SENTENCE))
  const value = (text: string) => code(clip(text, LONGEST_VALUE))
  const ending = endingOf(run)
  const counts = countOutcomes(run.verdict.outcomes) || 'nothing was judged'
  const plot = timePlot(run, say)
  return [
    `### ${BADGES[ending]}: ${tell(run.scenario.name)}\n\n${counts} · ${value(say(run.scenario.file))}`,
    ...reasons(run, tell, value, say),
    ...claims(run, value, say),
    fenced([printable(commandLine(run.command.map(mask)))], 'sh'),
    ...bulleted(
      run.warnings.map((text) => `⚠️ ${tell(text)}`),
      MOST_WARNINGS,
      'warning',
    ),
    ...bulleted(faults(run, tell), MOST_FAULTS, 'fault'),
    ...(plot.length === 0 ? [] : [fenced(plot, 'text')]),
    `<sub>${tell(totals(run))}</sub><br><sub>${tell(circumstances(run))}; results in ${value(say(run.directory))}</sub>`,
  ]
}

type Words = (text: string) => string

function reasons(run: FinishedRun, tell: Words, value: Words, say: Words): string[] {
  const { ended, observations, scenario, verdict } = run
  const missed = byReason(
    verdict.outcomes.filter(({ status }) => status !== 'pass').sort((a, b) => Number(b.status === 'fail') - Number(a.status === 'fail')),
  )
  const told = [
    ...(ended === null ? [] : [`⚠️ ${tell(endedSentence(ended, run))}`]),
    ...(ended?.by === 'environment'
      ? [...ended.detail, ...(ended.hint === null ? [] : [`hint: ${ended.hint}`])].map((line) => `&emsp;${tell(line)}`)
      : []),
    ...(observations?.unsound ?? []).map((sentence) => `❔ ${tell(sentence)}`),
    ...missed.map((outcomes) => {
      const [first] = outcomes
      const titles = outcomes.map(
        (outcome) =>
          `**${prose(clip(say(titleWithMetric(outcome)), LONGEST_VALUE))}** ${value(say(`${scenario.file}:${outcome.at.line}`))}`,
      )
      return `${SIGNS[first?.status ?? 'fail']} ${titles.slice(0, MOST_REASONS).join(', ')}: ${tell(first?.why ?? '')}`
    }),
  ]
  const doubts = (observations?.faults ?? []).flatMap(({ doubt }) => (doubt === null ? [] : [`❔ ${tell(doubt)}`]))
  return bulleted(told.length > 0 || endingOf(run) === 'pass' ? told : doubts, MOST_REASONS, 'reason')
}

function claims(run: FinishedRun, value: Words, say: Words): string[] {
  const { rows, more } = claimRows(run, say)
  if (rows.length === 0) return []
  const lines = rows.map(({ outcome, heading, label, values: [asked = '', seen = '', interval = '', n = ''] }) => [
    SIGNS[outcome.status],
    prose(clip(heading, LONGEST_VALUE)),
    value(label),
    ...[asked, seen, interval].map(value),
    prose(n),
    value(`:${outcome.at.line}`),
  ])
  const head = ['', 'phase', 'claim', 'asked', 'seen', '95 % interval', 'n', 'line']
  const left = more === 0 ? [] : [`… ${more} more in \`results.json\``]
  return [[table(head, ['-', '-', '-', '-', '-', '-', ':', ':'], lines), ...left].join('\n\n')]
}

const faults = ({ plan, observations }: FinishedRun, tell: Words): string[] =>
  (observations?.faults ?? []).flatMap((evidence) => {
    const fault = plan.faults.find(({ id }) => id === evidence.id)
    if (fault === undefined) return []
    const sign = evidence.doubt === null ? '✅' : '❔'
    const phase = plan.phases[fault.phase]?.name ?? fault.id
    return [`${sign} ${tell(`${phase}: ${faultTarget(fault, replicasOf(fault.cluster, plan))}, ${askedAndMet(fault, evidence)}`)}`]
  })

/** A block of points; none where there are none. */
function bulleted(points: readonly string[], most: number, noun: string): string[] {
  if (points.length === 0) return []
  const left = points.length - most
  return [[...points.slice(0, most), ...(left > 0 ? [`… ${plural(left, `more ${noun}`)}`] : [])].map((point) => `- ${point}`).join('\n')]
}
