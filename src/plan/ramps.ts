import { percentAt } from '../fault/ramp.ts'
import type { Plan } from './plan.ts'

/**
 * The percentages that ramps of a phase are to have at a time, by the ids of their faults; empty where it has no ramp.
 * @param at - ms after the start of the load
 */
export function rampsAt({ phases, faults }: Pick<Plan, 'phases' | 'faults'>, phase: number, at: number): Map<string, number> {
  const { from, to, faults: own } = phases[phase] ?? { from: 0, to: 0, faults: [] }
  const share = to > from ? (at - from) / (to - from) : 0
  return new Map(
    own.flatMap((index): [string, number][] => {
      const fault = faults[index]
      return fault?.ramp === undefined ? [] : [[fault.id, percentAt(fault.ramp, share)]]
    }),
  )
}
