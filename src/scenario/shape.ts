import type { Ms, PerSecond } from '../units.ts'
import type { ScenarioDocument } from './schema.ts'

/** The open loop over a stretch of time: a rate that is constant or changes evenly, and bursts besides. */
export interface Stretch {
  ms: Ms
  /** At its beginning and at its end. */
  from: PerSecond
  to: PerSecond
  /** So many requests at once, the first time at its beginning. */
  bursts: { size: number; every: Ms } | undefined
}

/** The stretches of the load, in order: the warm-up, if there is one, and the phases. In a closed loop nothing is due in them. */
export function stretchesOf({ load, phases }: ScenarioDocument): Stretch[] {
  const ofPhases = phases.map(({ for: ms, rate = load.rate ?? 0, bursts }): Stretch => {
    const { from, to } = typeof rate === 'number' ? { from: rate, to: rate } : rate
    return { ms, from: from as PerSecond, to: to as PerSecond, bursts }
  })
  const first = ofPhases[0]
  if (load.warmup === undefined || first === undefined) return ofPhases
  return [{ ms: load.warmup, from: first.from, to: first.from, bursts: undefined }, ...ofPhases]
}

/** How many requests are due in a stretch, without rounding. */
export function expectedIn({ ms, from, to, bursts }: Stretch): number {
  return flowIn({ ms, from, to }) + (bursts === undefined ? 0 : bursts.size * Math.ceil(ms / bursts.every))
}

/** The same without its bursts. */
export const flowIn = ({ ms, from, to }: Pick<Stretch, 'ms' | 'from' | 'to'>): number => ((from + to) / 2) * (ms / 1000)
