import { fulfils } from '../fault/when.ts'
import { deriveSeed, random } from '../random.ts'
import { hadBy, requestsOf, routeOf } from '../scenario/routing.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { dueBetween } from './due.ts'
import type { Chosen, OpenLoad, PlannedFault, PlannedPhase } from './plan.ts'

type Fault = Scenario['phases'][number]['faults'][number]

/** Whether requests are chosen for it before the run, in place of a draw for each attempt. */
export const isChoosing = ({ every, first, mode }: Fault) => every !== undefined || first !== undefined || mode === 'exact'

/** The fault with the requests that it is for; the same ones in each run of one seed. */
export function withChosen(scenario: Scenario, asked: Fault, fault: PlannedFault, phase: PlannedPhase, load: OpenLoad): PlannedFault {
  const isMeant = requestsOf(scenario).map((kind) => routeOf(scenario, kind) === fault.cluster && fulfils(hadBy(kind), fault.when))
  const matching: number[] = []
  const [from, to] = dueBetween(load, phase.from, phase.to)
  for (let index = from; index < to; index++) if (isMeant[load.request[index] as number]) matching.push(index)
  const chosen: Chosen = { ...choose(asked, matching, deriveSeed(scenario.seed, 'chosen', fault.id)), of: matching.length }
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
