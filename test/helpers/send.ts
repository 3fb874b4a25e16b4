import type { ClientLog } from '../../src/load/client-log.ts'
import { Gate } from '../../src/load/gate.ts'
import { readyLoad } from '../../src/load/load.ts'
import type { LoadWatcher } from '../../src/load/load-run.ts'
import { Pulse } from '../../src/load/pulse.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import type { OpenLoad, Plan } from '../../src/plan/plan.ts'
import { scenarioOf } from './scenario.ts'
import { closeAfterTest } from './servers.ts'

/** The load by itself, without Envoy and without stubs. */

/** What two shared cores may add to any wait. Not a claim about the generator. */
export const MACHINE_LAG_MS = 250
/** Node's timers take whole milliseconds. */
export const TIMER_MS = 2

/** The plan of a scenario whose only upstream is called `one`. */
export const planOf = (yaml: string) => compilePlan(scenarioOf(`upstreams: { one: {} }\n${yaml}`)) as Plan & { load: OpenLoad }

export const UNSEEN: LoadWatcher = { onLog: () => {}, onSent: () => {}, onEnd: () => {} }

/** Sends a plan's requests to a server of the test. */
export async function send(origin: string, plan: Plan, signal = new AbortController().signal, watcher = UNSEEN): Promise<ClientLog> {
  const gate = new Gate()
  gate.openUntil(Number.POSITIVE_INFINITY)
  const zero = performance.now() + 20
  const pulse = new Pulse(zero)
  closeAfterTest(() => pulse.stop())
  return readyLoad(plan.load)({ origin, plan, zero, gate, pulse, watcher, signal })
}

export const latencies = (log: ClientLog) => [...log.due].map((due, i) => log.endAt(i) - due)
export const lateness = (log: ClientLog) => [...log.due].map((due, i) => log.sentAt(i) - due)
export const quantile = (values: readonly number[], q: number) =>
  values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(q * values.length) - 1)] as number
