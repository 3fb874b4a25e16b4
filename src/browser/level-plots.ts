import type { PlotData } from '../page/live-data.ts'
import type { Level } from '../page/page-data.ts'
import { type Limit, type Line, most, type Plot, sum } from './plot.ts'
import { count, rough } from './words.ts'

const TITLES: Record<Level['of'], { title: string; about: string }> = {
  inFlight: { title: 'Requests in flight', about: 'on a connection to the upstream; what comes when max_requests is full is refused' },
  pending: { title: 'Requests pending', about: 'waiting for a connection; what comes when max_pending_requests is full is refused' },
  retrying: { title: 'Retries in flight', about: 'from their back-off on; a retry that comes when max_retries is full is suppressed' },
  busy: { title: 'Workers at work', about: 'of the upstream itself: idle workers while requests are refused mean a limit below capacity' },
  queued: { title: 'Queue of the upstream', about: 'requests that wait for a worker' },
  ejected: { title: 'Hosts ejected', about: 'taken out of the load balancing by outlier_detection' },
}
const budgetAbout = (budget: string) => `from their back-off on; what goes beyond the retry_budget (${budget}) is suppressed`
/** A limit further above all that happened would press it flat. */
const FAR = 4

/** How full the limits of each cluster were, and how busy its upstream. */
export function levelPlots(data: PlotData): { name: string; plots: Plot[]; unused: string[] }[] {
  return data.clusters.map(({ name, levels }) => {
    const used = levels.filter(isUsed)
    return { name, plots: used.map((level) => levelPlot(data, level)), unused: levels.filter((level) => !isUsed(level)).map(unusedText) }
  })
}

/** A limit that nobody set is worth a plot from this share of it on. */
const IN_USE = 0.1

function isUsed({ of, peak, refused, limits: [limit] }: Level): boolean {
  if (sum(refused) > 0 || of === 'inFlight') return true
  return most(peak) > (limit?.isDefault ? IN_USE * limit.value : 0)
}

const limitText = ({ name, value, isDefault }: Level['limits'][number]) => `${name} ${count(value)}${isDefault ? ' (default)' : ''}`

function unusedText({ of, peak, limits }: Level): string {
  const told = limits.length === 0 ? '' : ` (${limits.map(limitText).join(', ')})`
  return `${TITLES[of].title.toLowerCase()}: at most ${count(most(peak))}${told}`
}

function levelPlot(data: PlotData, level: Level): Plot {
  const { of, peak, mean, limits, refused, budget } = level
  const highest = most(peak)
  const shown = limits.map(
    (limit): Limit => ({ name: limitText(limit), value: limit.value, isFar: limit.value > FAR * Math.max(1, highest) }),
  )
  const [first] = limits
  const lines: Line[] = [
    { name: 'on average', colour: 'level', values: mean, form: 'faint', overall: '', show: rough },
    {
      name: 'at most',
      colour: 'level',
      values: peak,
      form: 'line',
      overall: first === undefined ? count(highest) : `${count(highest)} of ${count(first.value)}`,
      show: count,
    },
  ]
  if (sum(refused) > 0) {
    const height = first !== undefined && !shown[0]?.isFar ? first.value : highest
    lines.push({
      name: of === 'retrying' ? 'retries suppressed' : `${data.noun === 'run' ? 'call' : 'request'}s refused`,
      colour: 'limit',
      values: refused.map((each) => (each > 0 ? height : null)),
      form: 'marks',
      overall: count(sum(refused)),
      show: () => '',
    })
  }
  const about = budget === undefined ? TITLES[of].about : budgetAbout(budget)
  return { title: TITLES[of].title, about, lines, limits: shown, show: rough }
}
