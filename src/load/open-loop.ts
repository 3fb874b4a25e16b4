import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { OpenLoad, Plan, PlannedRequest } from '../plan/plan.ts'
import { isExpectedStatus } from '../plan/success.ts'
import { PATIENCE_MS } from '../scenario/limits.ts'
import { wallClockOffset } from '../wall-clock.ts'
import { ClientLog } from './client-log.ts'
import { Exchange } from './exchange.ts'
import { identify } from './identity.ts'
import type { LoadRun } from './load-run.ts'
import { Pool } from './pool.ts'
import { slowBody } from './slow-body.ts'

/** Between two looks for requests that waited too long, when none is due. */
const LOOK_AGAIN_MS = 50

/**
 * The open loop: sends each request when it is due, whether or not earlier ones were answered, and never leaves one out.
 * If the generator itself stalls, the requests that were due meanwhile go out late, and their latency counts from the
 * due time, so a stall cannot hide (coordinated omission).
 * @returns when every request that was sent has ended
 */
export async function openLoop({ origin, plan, zero, gate, watcher, signal }: LoadRun, load: OpenLoad): Promise<ClientLog> {
  const { due, request: kinds, deadline } = load
  // Unlimited connections, one request on each: callers do not queue for one another.
  const pool = new Pool(origin, {
    connections: null,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 600_000,
    connectTimeout: 0,
  })
  const log = new ClientLog(wallClockOffset() + zero, due.length)
  watcher.onLog(log)
  const giveUpMs = deadline + PATIENCE_MS

  const inFlight = new Map<number, Exchange>()
  let next = 0
  let timer: NodeJS.Timeout | undefined
  await new Promise<void>((resolve) => {
    const finishIfOver = () => {
      if (inFlight.size > 0 || (next < due.length && !signal.aborted)) return
      clearTimeout(timer)
      resolve()
    }

    const begin = (index: number) => {
      const kind = plan.requests[kinds[index] as number] as PlannedRequest
      const exchange = new Exchange(({ status, error, received }) => {
        const end = performance.now() - zero
        inFlight.delete(index)
        log.finish(index, end, status, error, received)
        const latency = end - (due[index] as number)
        watcher.onEnd(index, latency, error === null && isExpectedStatus(kind.successStatus, status) && latency <= deadline)
        finishIfOver()
      })
      inFlight.set(index, exchange)
      log.begin(due[index] as number, kinds[index] as number, performance.now() - zero)
      watcher.onSent(index)
      pool.dispatch(dispatched(plan, kind, index), exchange)
    }

    const step = () => {
      const now = performance.now() - zero
      while (next < due.length && (due[next] as number) <= now && gate.lets(due[next] as number)) begin(next++)
      gate.next = due[next] ?? Number.POSITIVE_INFINITY
      // In order of sending: stop at the first that may still wait.
      for (const [index, exchange] of inFlight) {
        if (now - (due[index] as number) < giveUpMs) break
        exchange.abort(`no answer ${giveUpMs / 1000} s after the due time: the client hung up`)
      }
      if (next === due.length && inFlight.size === 0) return finishIfOver()
      const wait = next < due.length ? (due[next] as number) - now : LOOK_AGAIN_MS
      // What waits at the gate is overdue: look again as soon as a timer can.
      timer = setTimeout(step, Math.max(1, Math.min(wait, LOOK_AGAIN_MS)))
    }

    const stop = () => {
      clearTimeout(timer)
      for (const exchange of [...inFlight.values()]) exchange.abort('the run was stopped while it was in flight')
      finishIfOver()
    }
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    else step()
  })
  log.close(wallClockOffset() + zero - log.startedAt)
  await pool.destroy().catch(() => {})
  return log
}

function dispatched(plan: Plan, { method, path, headers, body, uploadMs }: PlannedRequest, index: number): Dispatcher.DispatchOptions {
  const named = identify(plan, index, headers)
  if (body === undefined || uploadMs === 0) return { path, method, headers: named, body: body ?? null }
  const bytes = Buffer.from(body)
  return { path, method, headers: { ...named, 'content-length': String(bytes.length) }, body: Readable.from(slowBody(bytes, uploadMs)) }
}
