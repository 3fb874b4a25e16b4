import { kindDrawer, thinkDrawer } from '../plan/draw.ts'
import type { ClosedLoad, Plan, PlannedRequest } from '../plan/plan.ts'
import { isExpectedAnswer } from '../plan/success.ts'
import { MAX_REQUESTS, PATIENCE_MS } from '../scenario/limits.ts'
import { wallClockOffset } from '../wall-clock.ts'
import type { Autocannon, WireRequest } from './autocannon.ts'
import { Caller } from './caller.ts'
import { ClientLog } from './client-log.ts'
import { identify } from './identity.ts'
import type { LoadRun } from './load-run.ts'
import type { Ending } from './receipt.ts'

/** Ms between two looks of autocannon whether all callers have ended. */
const LOOK_AGAIN_MS = 20

/**
 * The closed loop: each caller sends its next request when its last one is answered and it has thought. Whatever happens
 * to a request leaves a record, and nothing is sent without one.
 * @returns when the load is over and every request has ended
 */
export async function closedLoop(
  autocannon: Autocannon,
  { origin, plan, zero, gate, pulse, watcher, signal }: LoadRun,
  load: ClosedLoad,
): Promise<ClientLog> {
  const log = new ClientLog(wallClockOffset() + zero)
  watcher.onLog(log)
  const length = plan.phases.at(-1)?.to ?? 0
  const giveUpMs = load.deadline + PATIENCE_MS
  const now = () => performance.now() - zero
  const drawKind = kindDrawer(load.weights, load.seed)
  // A request goes out in the instant in which it may: none is ever late for the gate.
  gate.next = Number.POSITIVE_INFINITY

  const orders = {
    now,
    giveUpMs,
    isOver: () => now() >= length || log.count >= MAX_REQUESTS || signal.aborted,
    lets: (go: () => void) => {
      const may = gate.lets(now())
      if (!may) gate.whenOpened(go)
      return may
    },
    begin: (wantedAt: number) => {
      const kind = drawKind()
      const at = now()
      pulse.sent(wantedAt, at)
      const index = log.begin(at, kind, at)
      watcher.onSent(index)
      return { index, request: wireRequest(plan, plan.requests[kind] as PlannedRequest, index) }
    },
    finish: (index: number, ending: Ending) => {
      const { status, error, grpcStatus } = ending
      const end = now()
      log.finish(index, end, ending)
      const latency = end - (log.due[index] as number)
      const kind = plan.requests[log.request[index] as number]
      watcher.onEnd(index, latency, error === null && isExpectedAnswer(kind, status, grpcStatus) && latency <= load.deadline)
    },
  }

  const callers: Caller[] = []
  const stop = () => {
    for (const caller of callers) caller.stop('the run was stopped while it was in flight')
  }
  const end = setTimeout(() => callers.map((caller) => caller.retire()), Math.max(0, length - now()))
  signal.addEventListener('abort', stop, { once: true })
  if (!signal.aborted) {
    await autocannon({
      url: origin,
      connections: load.connections,
      // Never by itself: it ends when all callers have.
      duration: (length + giveUpMs) / 1000 + 3600,
      timeout: giveUpMs / 1000,
      sampleInt: LOOK_AGAIN_MS,
      setupClient: (client) => {
        const think = thinkDrawer(load.think, load.seed, callers.length)
        callers.push(new Caller(client, { ...orders, think }))
      },
    })
  }
  clearTimeout(end)
  signal.removeEventListener('abort', stop)
  log.close(wallClockOffset() + zero - log.startedAt)
  return log
}

function wireRequest(plan: Plan, { method, path, headers, body }: PlannedRequest, index: number): WireRequest {
  return { method, path, headers: identify(plan, index, headers), body }
}
