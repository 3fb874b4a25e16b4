import type { Finding } from '../scenario/finding.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { plural, show } from '../value/show.ts'
import type { Plan } from './plan.ts'

/** Faults for which the planned load has too few requests to choose from. */
export function unchosen({ phases }: Scenario, plan: Plan): Finding[] {
  return plan.phases.flatMap(({ name, faults }, phase) =>
    faults.flatMap((index): Finding[] => {
      const { chosen = null, place = 0 } = plan.faults[index] ?? {}
      const asked = phases[phase]?.faults[place]
      // That no request is for it is told where faults are checked.
      if (chosen === null || asked === undefined || chosen.of === 0) return []
      const matching = `${plural(chosen.of, 'request')} of phase ${show(name)} that the fault is for`
      const key = asked.every !== undefined ? 'every' : asked.first !== undefined ? 'first' : 'percent'
      const hint = 'make the phase longer, raise load.rate, or ask for another number'
      const path = ['phases', phase, 'faults', place, key]
      if (chosen.requests.size === 0)
        return [{ path, message: `the fault could never fire: of the ${matching}, ${chosen.source} chooses none`, hint }]
      return asked.first !== undefined && asked.first > chosen.of
        ? [{ path, message: `asks for more than there are: the ${matching}`, hint }]
        : []
    }),
  )
}
