import { deriveSeed, exponential, random } from '../random.ts'
import { DEFAULT_DEADLINE_MS } from '../scenario/limits.ts'
import { requestsOf } from '../scenario/routing.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { kindDrawer } from './draw.ts'
import type { PlannedLoad, ThinkTime } from './plan.ts'

/**
 * What is sent when. Of the open loop all of it is decided before the first request is sent, so that no stall can thin it
 * out; of the closed loop only how it goes on.
 * @param lengthMs - length of all phases together
 */
export function planLoad(scenario: Scenario, lengthMs: number): PlannedLoad {
  const { rate, connections, think, arrivals, deadline = DEFAULT_DEADLINE_MS, target } = scenario.load
  const weights = requestsOf(scenario).map((request) => request.weight)
  const { seed } = scenario
  if (connections !== undefined) return { kind: 'closed', connections, think: thinkTime(think), weights, seed, deadline, target }
  if (rate === undefined) throw new Error('a load without rate and connections: the checks let it through')
  const due = Float64Array.from(arrivals === 'poisson' ? poisson(rate, lengthMs, seed) : constant(rate, lengthMs))
  return { kind: 'open', due, request: Uint16Array.from(due, kindDrawer(weights, seed)), deadline, target }
}

function thinkTime(think: Scenario['load']['think']): ThinkTime | undefined {
  if (think === undefined) return undefined
  return typeof think === 'number' ? { kind: 'fixed', ms: think } : { kind: 'exponential', mean: think.exponential }
}

/** Even gaps: request i is due at i / rate. */
function constant(ratePerSecond: number, lengthMs: number): number[] {
  // The product can come out a hair above a whole number (0.1 * 3): that is no further request.
  const count = Math.ceil((lengthMs * ratePerSecond) / 1000 - 1e-9)
  return Array.from({ length: count }, (_, i) => (i * 1000) / ratePerSecond)
}

/** Exponential gaps, as independent callers make them. */
function poisson(ratePerSecond: number, lengthMs: number, seed: number): number[] {
  const rng = random(deriveSeed(seed, 'arrivals'))
  const due: number[] = []
  for (let t = exponential(rng, 1000 / ratePerSecond); t < lengthMs; t += exponential(rng, 1000 / ratePerSecond)) due.push(t)
  return due
}
