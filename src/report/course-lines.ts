import type { FinishedRun } from './finished-run.ts'
import { cells, clip } from './layout.ts'
import type { Paper } from './paper.ts'
import { FIGURE_CELLS, LABEL_CELLS, MOST_BARS, timePlot } from './time-plot.ts'

const HEADING = 'OVER TIME'
const INDENT = '  '
/** Fewer show no course. */
const FEWEST_BARS = 20

/** The course of a run in small plots, where they can be shown. */
export function courseLines(run: FinishedRun, { plots, width, paint, say }: Paper): string[] {
  const room = Math.min(MOST_BARS, width - INDENT.length - LABEL_CELLS - FIGURE_CELLS)
  if (!plots || room < FEWEST_BARS) return []
  const [phases, ...lines] = timePlot(run, say, room)
  if (phases === undefined) return []
  return [
    paint('bold', HEADING) + clip(INDENT + phases, width).slice(cells(HEADING)),
    ...lines.map((line) => {
      const shown = clip(INDENT + line, width)
      const bars = INDENT.length + LABEL_CELLS
      return paint('dim', shown.slice(0, bars)) + shown.slice(bars)
    }),
  ]
}
