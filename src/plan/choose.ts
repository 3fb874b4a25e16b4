import { fulfils } from '../fault/when.ts'
import { deriveSeed, random } from '../random.ts'
import { goesStraight, hadBy, requestsOf, routeOf } from '../scenario/routing.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { dueBetween } from './due.ts'
import type { Chosen, OpenLoad, PlannedFault, PlannedPhase, RunsLoad } from './plan.ts'

/** With an app in between: its call may come so long after the request, in ms, and must find the fault still on. A quarter of a phase at most. */
const APP_MARGIN_MS = 500
const marginOf = ({ from, to }: PlannedPhase) => Math.min(APP_MARGIN_MS, (to - from) / 4)

type Fault = Scenario['phases'][number]['faults'][number]

/** Whether requests are chosen for it before the run, in place of a draw for each attempt. */
export const isChoosing = ({ every, first, mode }: Fault) => every !== undefined || first !== undefined || mode === 'exact'

/**
 * The fault with the requests that it is for; the same ones in each run of one seed. Which clusters an app will call for a
 * request, and how soon, is not known before the run: there, `when` alone says which requests count, and the last of a phase do not.
 * @param bit - for the ids of the requests, where an app stands between
 */
export function withChosen(
  scenario: Scenario,
  asked: Fault,
  fault: PlannedFault,
  phase: PlannedPhase,
  load: OpenLoad | RunsLoad,
  bit: number,
): PlannedFault {
  const straight = goesStraight(scenario)
  const isMeant = requestsOf(scenario).map(
    (kind) => (!straight || routeOf(scenario, kind) === fault.cluster) && fulfils(hadBy(kind), fault.when),
  )
  const matching: number[] = []
  const [from, to] =
    load.kind === 'open' ? dueBetween(load, phase.from, phase.to - (straight ? 0 : marginOf(phase))) : [phase.from, phase.to]
  for (let index = from; index < to; index++) if (isMeant[load.kind === 'open' ? (load.request[index] as number) : 0]) matching.push(index)
  const chosen: Chosen = {
    ...choose(asked, matching, deriveSeed(scenario.seed, 'chosen', fault.id)),
    of: matching.length,
    ...(straight ? {} : { bit }),
  }
  return { ...fault, chosen, percent: matching.length === 0 ? 0 : (100 * chosen.requests.size) / matching.length }
}

/** @param matching - indices into the load, in order */
function choose({ every, first, percent }: Fault, matching: readonly number[], seed: number): Omit<Chosen, 'of'> {
  if (every !== undefined) return { source: `every: ${every}`, requests: new Set(matching.filter((_, i) => (i + 1) % every === 0)) }
  if (first !== undefined) return { source: `first: ${first}`, requests: new Set(matching.slice(0, first)) }
  const count = Math.round((matching.length * percent) / 100)
  return { source: `exactly ${percent}%`, requests: new Set(drawn(matching, count, seed)) }
}

/** So many of them, each with the same chance (Fisher and Yates). */
function drawn(of: readonly number[], count: number, seed: number): number[] {
  const left = [...of]
  const draw = random(seed)
  for (let i = 0; i < count; i++) {
    const other = i + Math.floor(draw() * (left.length - i))
    const taken = left[other] as number
    left[other] = left[i] as number
    left[i] = taken
  }
  return left.slice(0, count)
}
