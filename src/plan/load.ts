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
  const { app } = scenario
  if (app?.run !== undefined) return { kind: 'runs', times: timesOf(app), parallel: app.parallel ?? 1, deadline, target }
  if (connections !== undefined) return { kind: 'closed', connections, think: thinkTime(think), weights, seed, deadline, target }
  const due = dueTimes(stretchesOf(scenario), arrivals, seed)
  return { kind: 'open', due, request: new Uint16Array(due.length).map(kindDrawer(weights, seed)), deadline, target }
}

/** How often an app is run in each phase. */
export const timesOf = ({ times = 1 }: NonNullable<Scenario['app']>) => times

function thinkTime(think: Scenario['load']['think']): ThinkTime | undefined {
  if (think === undefined) return undefined
  return typeof think === 'number' ? { kind: 'fixed', ms: think } : { kind: 'exponential', mean: think.exponential }
}
