import { deriveSeed, exponential, random } from '../random.ts'
import { DEFAULT_DEADLINE_MS } from '../scenario/limits.ts'
import { requestsOf } from '../scenario/routing.ts'
import type { Scenario } from '../scenario/scenario.ts'
import type { OpenLoad } from './plan.ts'

/**
 * The open loop: which request is due when, decided before the first is sent, so that no stall can thin it out.
 * @param lengthMs - length of all phases together
 */
export function planArrivals(scenario: Scenario, lengthMs: number): OpenLoad {
  const { rate, arrivals, deadline, target } = scenario.load
  const due = Float64Array.from(arrivals === 'poisson' ? poisson(rate, lengthMs, scenario.seed) : constant(rate, lengthMs))
  return { kind: 'open', due, request: drawRequests(scenario, due.length), deadline: deadline ?? DEFAULT_DEADLINE_MS, target }
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

/** Draws a request by weight for each arrival. */
function drawRequests(scenario: Scenario, count: number): Uint16Array {
  const weights = requestsOf(scenario).map((request) => request.weight)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const rng = random(deriveSeed(scenario.seed, 'requests'))
  return Uint16Array.from({ length: count }, () => {
    let left = rng() * total
    for (const [index, weight] of weights.entries()) {
      left -= weight
      if (left < 0) return index
    }
    return weights.length - 1
  })
}
