import { dueBetween } from '../plan/due.ts'
import type { Plan, ThinkTime } from '../plan/plan.ts'
import type { Scenario } from '../scenario/scenario.ts'
import type { PlayedShare } from './play.ts'

/** Sockets and Envoy, where a stub answers at once: without it the callers of a closed loop would never come to rest. */
const ROUND_TRIP_MS = 1

/** Requests per second of a phase: as planned; in a closed loop as many as its callers come to, who wait for each answer. */
export function rateOf({ phases, load }: Plan, phase: number, all: readonly PlayedShare[]): number {
  const { from, to } = phases[phase] ?? { from: 0, to: 0 }
  if (load.kind === 'open') {
    const [first, end] = dueBetween(load, from, to)
    return ((end - first) * 1000) / (to - from)
  }
  if (load.kind === 'runs') throw new Error('nothing is predicted where an app stands between')
  const answered = all.reduce((sum, { of, played }) => sum + of.share * played.meanMs, 0)
  return (load.connections * 1000) / (answered + ROUND_TRIP_MS + thought(load.think))
}

function thought(think: ThinkTime | undefined): number {
  return think === undefined ? 0 : think.kind === 'fixed' ? think.ms : think.mean
}

/** How far the load of a phase is from its mean: its highest rate ÷ the mean, and how many come at one instant besides. */
export function unevenness({ phases }: Pick<Scenario, 'phases'>, phase: number): { peak: number; burst: number } {
  const { rate, bursts } = phases[phase] ?? {}
  const ramp = typeof rate === 'object' && rate.from + rate.to > 0 ? rate : undefined
  return { peak: ramp === undefined ? 1 : (2 * Math.max(ramp.from, ramp.to)) / (ramp.from + ramp.to), burst: bursts?.size ?? 0 }
}
