import { DEFAULT_DEADLINE_MS } from '../scenario/limits.ts'
import { requestsOf } from '../scenario/routing.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { stretchesOf } from '../scenario/shape.ts'
import { dueTimes } from './arrivals.ts'
import { kindDrawer } from './draw.ts'
import type { PlannedLoad, ThinkTime } from './plan.ts'

/**
 * What is sent when. Of the open loop all of it is decided before the first request is sent, so that no stall can thin it
 * out; of the closed loop only how it goes on.
 */
export function planLoad(scenario: Scenario): PlannedLoad {
  const { connections, think, arrivals = 'constant', deadline = DEFAULT_DEADLINE_MS, target } = scenario.load
  const weights = requestsOf(scenario).map((request) => request.weight)
  const { seed } = scenario
  if (connections !== undefined) return { kind: 'closed', connections, think: thinkTime(think), weights, seed, deadline, target }
  const due = dueTimes(stretchesOf(scenario), arrivals, seed)
  return { kind: 'open', due, request: Uint16Array.from(due, kindDrawer(weights, seed)), deadline, target }
}

function thinkTime(think: Scenario['load']['think']): ThinkTime | undefined {
  if (think === undefined) return undefined
  return typeof think === 'number' ? { kind: 'fixed', ms: think } : { kind: 'exponential', mean: think.exponential }
}
