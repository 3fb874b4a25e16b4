import { gained, isCounter, type StatsSnapshot } from '../envoy/stats.ts'
import type { Counter } from './observations.ts'
import type { PhaseTimes } from './timeline.ts'

/**
 * What Envoy's counters gained, by their names in order; those that gained nothing are left out.
 * @param last - when the last request had ended; empty where Envoy did not live to tell
 */
export function countersIn(phases: readonly PhaseTimes[], last: StatsSnapshot): Counter[] {
  const end = { ...phases.at(-1)?.after, ...last }
  return Object.keys(end)
    .filter((name) => isCounter(name) && (end[name] as number) > 0)
    .sort()
    .map((name) => ({ name, total: end[name] as number, phases: phases.map(({ before, after }) => gained(before, after, name)) }))
}
