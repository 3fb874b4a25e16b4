import type { Bounds } from '../observe/crowd.ts'
import { trim } from '../units.ts'
import { listed } from '../value/show.ts'
import { type BreakerPeak, boundsText, breakerPeaks, COUNTS } from './breakers.ts'
import { count, duration } from './figures.ts'
import type { FinishedRun } from './finished-run.ts'

/** Half full is worth telling. */
const NEAR = 2
/** Different peaks, or phases with refusals: more are summed up. */
const MOST_TOLD = 4

interface OfPhase extends BreakerPeak {
  name: string
}

/**
 * How full the breakers were, phase by phase, and when they began to refuse:
 * `inventory max_retries: at most 3 of 3 (default) in surge, else 0; 20 suppressed in surge, the first after 120ms at 300/s`.
 * Told of those that the scenario sets, that refused, or that came near their limit.
 */
export function breakerSentences(run: Pick<FinishedRun, 'scenario' | 'plan' | 'observations'>): string[] {
  const phases = breakerPeaks(run)
  const all = phases.flatMap((peaks, index) => peaks.map((each): OfPhase => ({ ...each, name: run.plan.phases[index]?.name ?? '' })))
  const byBreaker = Map.groupBy(all, ({ cluster, breaker }) => `${cluster} ${breaker}`)
  return [...byBreaker].flatMap(([what, own]) => {
    const [{ limit, isSet }] = own as [OfPhase]
    if (!isSet && !own.some(({ peak, refusals }) => refusals.count > 0 || peak.most * NEAR >= (limit ?? 0))) return []
    return [`${what}: ${[peakText(own), ...refusalText(own)].join('; ')}`]
  })
}

/** `at most 2 of 10 in calm and after, 8 in ramp, else 0` */
function peakText(phases: readonly OfPhase[]): string {
  const [{ limit, isSet }] = phases as [OfPhase]
  const of = limit === null ? ' retries at once' : ` of ${limit}${isSet ? '' : ' (default)'}`
  const byPeak = [...Map.groupBy(phases, ({ peak }) => boundsText(peak))]
  const used = byPeak.filter(([, own]) => most(own) > 0)
  const [[first, own] = ['', []]] = used
  if (used.length === 0) return phases.some(({ refusals }) => refusals.count > 0) ? `at most 0${of}` : 'not used'
  if (byPeak.length === 1) return `at most ${first}${of}${own.length > 1 ? ' in each phase' : ''}`
  const fullest = used.toSorted(([, a], [, b]) => most(b) - most(a)).slice(0, MOST_TOLD)
  const told = used.filter((group) => fullest.includes(group)).map(([text, own], i) => `${text}${i === 0 ? of : ''} in ${namesOf(own)}`)
  const rest = used.length > MOST_TOLD ? ['else less'] : used.length < byPeak.length ? ['else 0'] : []
  return `at most ${[...told, ...rest].join(', ')}`
}

const most = ([first]: readonly { peak: Bounds }[]) => first?.peak.most ?? 0

const namesOf = (phases: readonly OfPhase[]) =>
  phases.length > MOST_TOLD
    ? `${phases.length} phases`
    : listed(
        phases.map(({ name }) => name),
        'and',
      )

/** `12 refused in calm, the first after 50ms at 200/s` */
function refusalText(phases: readonly OfPhase[]): string[] {
  const refusing = phases.filter(({ refusals }) => refusals.count > 0)
  const told = refusing.slice(0, MOST_TOLD).map(({ name, breaker, refusals: { count: number, first } }) => {
    const rate =
      first?.offered == null ? '' : ` at ${trim(first.offered, first.offered < 10 ? 1 : 0)}/s${first.bursts ? ' besides bursts' : ''}`
    const when = first === null ? '' : `, the first after ${duration(first.after)}${rate}`
    return `${count(number)} ${COUNTS[breaker] === 'retrying' ? 'suppressed' : 'refused'} in ${name}${when}`
  })
  return refusing.length > MOST_TOLD ? [...told, `more in ${refusing.length - MOST_TOLD} other phases`] : told
}
