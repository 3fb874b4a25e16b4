import type { Range } from '../predict/outcome.ts'
import type { KindPrediction, PhasePrediction } from '../predict/predict.ts'
import { toldName } from '../predict/told.ts'
import { formatMs, formatPercent, trim } from '../units.ts'
import { plural } from '../value/show.ts'
import { showFactor, showRange, showShare } from '../verdict/show.ts'
import type { Explained } from './explain.ts'
import { wrapClauses } from './layout.ts'
import type { Paper } from './paper.ts'
import { predictionLines } from './prediction-lines.ts'

const ASSUMED =
  'each try draws its faults anew and goes to any replica by its weight; the stubs take what the scenario says; the machine adds at most 5 ms to a try; phases do not reach into each other'

/** What the load, the faults and the policy come to: each phase, each kind of request in it, and the work for each cluster. */
export function arithmeticLines({ prediction }: Explained, page: Paper): string[] {
  const { width, paint, say } = page
  const lines = predictionLines(prediction, page)
  if (prediction.none !== null) return lines
  const told = (text: string) => wrapClauses(say(text), width, '  ', '    ')
  return [
    ...lines,
    '',
    ...prediction.phases.flatMap((phase) => [...kindsOf(phase), ...clustersOf(phase)].flatMap(told)),
    ...wrapClauses(`assumed: ${ASSUMED}`, width, '  ', '    ').map((line) => paint('dim', line)),
  ]
}

/** One kind alone says no more than its phase does. */
function kindsOf({ name, kinds }: PhasePrediction): string[] {
  const telling = kinds.length > 1 || kinds.some(({ statuses }) => statuses.length > 1)
  return telling ? kinds.map((kind) => `${name} · ${kind.request}: ${fateOf(kind)}`) : []
}

function fateOf({ success, attempts, statuses, slowest }: KindPrediction): string {
  if (success === null || attempts === null) return 'not predicted'
  const seen = statuses.slice(0, 4).map(({ status, share }) => `${status === null ? 'no answer' : toldName(status)} ${showShare(share)}`)
  const limit = slowest.by === 'answer' ? '' : ` (${slowest.by})`
  return `${showRange(success, showShare)} succeed, callers see ${seen.join(', ')}; ${attemptsText(attempts)}; at most ${formatMs(slowest.ms)}${limit}`
}

function attemptsText(attempts: Range): string {
  const text = showRange(attempts, showFactor)
  return `${text} ${text === '1' ? 'attempt' : 'attempts'}`
}

function clustersOf({ name, clusters }: PhasePrediction): string[] {
  return clusters.map(({ cluster, attemptsPerSecond, inFlight, retries, utilisation }) => {
    const busy = utilisation === null ? '' : `, workers ${formatPercent(utilisation, 0)} busy`
    const again = retries === 0 ? '' : `, ${plural(Number(trim(retries, 1)), 'retry', 'retries')} at once (back-offs included)`
    return `${name} · cluster ${cluster}: ${trim(attemptsPerSecond, 1)} attempts/s, ${trim(inFlight, 1)} in flight${again}${busy}`
  })
}
