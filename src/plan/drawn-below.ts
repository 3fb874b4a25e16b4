import { isRouted } from '../fault/registry.ts'
import { whoMeetsBoth } from '../scenario/who-meets-both.ts'
import type { PlannedFault } from './plan.ts'

/**
 * Up to which draw, in percent, a fault that is met by route is met.
 *
 * Envoy draws once a request, and each route compares that one draw with its own share; the first that matches is taken. So
 * routes of 30 and 20 % must not be told 30 and 20, where the second could never match, but 30 and 44: a fifth of what the
 * first leaves. What the check of the scenario lets through has one such order for all whom the fault may meet.
 */
export function drawnBelow(fault: PlannedFault, all: readonly PlannedFault[]): number {
  const taken = earlierRoutes(fault, all)
    .filter((earlier) => earlier.chosen === null && earlier.percent < 100 && whoMeetsBoth(fault, earlier) === 'all')
    .map((earlier) => drawnBelow(earlier, all))
  const from = Math.max(0, ...taken)
  return from + ((100 - from) * fault.percent) / 100
}

/** Those that are asked before it, at the same place and in the same phase. */
function earlierRoutes(fault: PlannedFault, all: readonly PlannedFault[]): PlannedFault[] {
  return all
    .slice(0, all.indexOf(fault))
    .filter(({ phase, cluster, action }) => phase === fault.phase && cluster === fault.cluster && isRouted(action))
}
