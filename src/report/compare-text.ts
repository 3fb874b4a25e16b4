import { plural } from '../value/show.ts'
import { showFactor, showMs, showPerSecond, showShare } from '../verdict/show.ts'
import type { Change, Comparison, Row } from './compare.ts'
import { padEnd, printable, wrap } from './layout.ts'
import { code, prose, table } from './markdown.ts'
import { type Look, painter, type Style } from './paper.ts'
import type { Figure } from './phase-figures.ts'

const WORDS: Record<Change, { text: string; sign: string; style: Style }> = {
  regression: { text: 'a regression', sign: '✗', style: 'red' },
  worse: { text: 'worse, within the tolerance', sign: '~', style: 'yellow' },
  better: { text: 'better', sign: '✓', style: 'green' },
  none: { text: 'no difference shown', sign: '✓', style: [] },
  unknown: { text: 'cannot be told: too few requests', sign: '?', style: 'yellow' },
}

const SHOWN: Record<Figure, (value: number) => string> = {
  success_rate: showShare,
  p50: showMs,
  p90: showMs,
  p99: showMs,
  attempts_per_request: showFactor,
  breaker_rejections: showShare,
  goodput: showPerSecond,
}

const VERDICTS: Record<Comparison['status'], string> = {
  pass: 'no regression is shown',
  fail: 'B is worse than A',
  inconclusive: 'whether B is worse than A cannot be told',
}

/** `+0.12%`, `-3.1ms .. +4ms` */
function signed(value: number, show: (value: number) => string): string {
  if (!Number.isFinite(value)) return value < 0 ? '-∞' : value > 0 ? '∞' : '–'
  return value < 0 ? `-${show(-value)}` : `+${show(value)}`
}

const HEAD = ['', 'A', 'B', 'difference', '95 % interval', '']

function cellsOf({ figure, a, b, difference, change }: Row): string[] {
  const show = SHOWN[figure]
  const interval = `${signed(difference.low, show)} .. ${signed(difference.high, show)}`
  return [figure, show(a.value), show(b.value), signed(difference.value, show), interval, WORDS[change].text]
}

/** For a terminal; ends without a line break. */
export function renderComparison(comparison: Comparison, { color, width }: Look): string {
  const paint = painter(color)
  const rows = comparison.rows.map(cellsOf)
  const widths = HEAD.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => padEnd(cell, widths[i] ?? 0))
      .join('  ')
      .trimEnd()
  const table = comparison.rows.flatMap((row, i) => {
    const { sign, style } = WORDS[row.change]
    const heading = comparison.rows[i - 1]?.phase === row.phase ? [] : [`  ${printable(row.phase)}`]
    return [...heading, `    ${paint(style, `${sign} ${line(rows[i] ?? [])}`)}`]
  })
  return [
    `A  ${printable(comparison.a.directory)}`,
    `B  ${printable(comparison.b.directory)}`,
    '',
    ...(rows.length === 0 ? [] : [paint('bold', `      ${line(HEAD)}`), ...table, '']),
    ...comparison.warnings.flatMap((text) => wrap(printable(text), width, '  ? ', '    ')),
    ...(comparison.warnings.length === 0 ? [] : ['']),
    `${comparison.status.toUpperCase()} ${VERDICTS[comparison.status]}: ${countsOf(comparison)}`,
  ].join('\n')
}

/** For a comment at a pull request. */
export function comparisonMarkdown(comparison: Comparison): string {
  const rows = comparison.rows.map((row) => {
    const [figure = '', ...values] = cellsOf(row)
    return [prose(row.phase), code(figure), ...values.map(prose)]
  })
  return `${[
    `### ${{ pass: '✅', fail: '❌', inconclusive: '❔' }[comparison.status]} ${VERDICTS[comparison.status]}\n\nA: ${code(comparison.a.directory)}, B: ${code(comparison.b.directory)}`,
    table(['phase', ...HEAD], ['-', '-', ':', ':', ':', ':', '-'], rows),
    ...(comparison.warnings.length === 0 ? [] : [comparison.warnings.map((text) => `- ⚠️ ${prose(text)}`).join('\n')]),
  ].join('\n\n')}\n`
}

/** For machines: an infinite end is null. */
export const comparisonJson = (comparison: Comparison): string => `${JSON.stringify({ version: 1, ...comparison }, null, 2)}\n`

const countsOf = ({ rows }: Comparison) => {
  const told = (['regression', 'worse', 'unknown', 'better', 'none'] as const).flatMap((change) => {
    const count = rows.filter((row) => row.change === change).length
    return count === 0
      ? []
      : [
          `${count} ${{ regression: plural(count, 'regression').replace(/^\S+ /, ''), worse: 'worse within the tolerance', unknown: 'that cannot be told', better: 'better', none: 'without a difference' }[change]}`,
        ]
  })
  return told.join(', ') || 'nothing was compared'
}
