import { Pool } from 'undici'
import { GIVE_UP_AFTER_DEADLINE_MS } from '../plan/arrivals.ts'
import type { Plan } from '../plan/plan.ts'
import { isExpectedStatus } from '../plan/success.ts'
import { ClientLog, requestId } from './client-log.ts'
import { Exchange } from './exchange.ts'

/** Told of each end, so that progress can be shown while the load runs. */
export interface LoadWatcher {
  onSent(index: number): void
  onEnd(index: number, latencyMs: number, success: boolean): void
}

/**
 * The open loop: sends each request when it is due, whether or not earlier ones were answered, and never leaves one out.
 * If the generator itself stalls, the requests that were due meanwhile go out late, and their latency counts from the
 * due time, so a stall cannot hide (coordinated omission).
 *
 * @param origin - `http://127.0.0.1:1234`
 * @param zero - the start of the load, on the clock of `performance.now()`
 * @param signal - ends the load early: nothing more is sent, requests in flight are given up
 * @returns when every request that was sent has ended
 */
export async function drive(origin: string, plan: Plan, zero: number, watcher: LoadWatcher, signal: AbortSignal): Promise<ClientLog> {
  const { due, request: kinds, deadline } = plan.load
  // Unlimited connections, one request on each: callers do not queue for one another.
  const pool = new Pool(origin, {
    connections: null,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 600_000,
    connectTimeout: 0,
  })
  const log = new ClientLog(performance.timeOrigin + zero, due.length)
  const giveUpMs = deadline + GIVE_UP_AFTER_DEADLINE_MS

  let open = 0
  let finished: () => void = () => {}
  const allEnded = new Promise<void>((resolve) => {
    finished = resolve
  })
  const inFlight = new Map<number, Exchange>()

  const begin = (index: number) => {
    const kind = plan.requests[kinds[index] as number] as Plan['requests'][number]
    open++
    log.sent[index] = performance.now() - zero
    const exchange = new Exchange((status, error) => {
      const end = performance.now() - zero
      inFlight.delete(index)
      log.status[index] = status
      if (error === null) log.end[index] = end
      else log.errors.set(index, error)
      open--
      const latency = end - (due[index] as number)
      watcher.onEnd(index, latency, error === null && isExpectedStatus(kind.successStatus, status) && latency <= deadline)
      if (open === 0 && (log.count === due.length || signal.aborted)) finished()
    })
    inFlight.set(index, exchange)
    log.count = index + 1
    watcher.onSent(index)
    pool.dispatch(
      { path: kind.path, method: kind.method, headers: { ...kind.headers, 'x-request-id': requestId(index) }, body: kind.body ?? null },
      exchange,
    )
  }

  await new Promise<void>((resolve) => {
    let next = 0
    let timer: NodeJS.Timeout | undefined
    const stop = () => {
      clearTimeout(timer)
      resolve()
    }
    const step = () => {
      if (signal.aborted) return
      const now = performance.now() - zero
      while (next < due.length && (due[next] as number) <= now) begin(next++)
      // Oldest first: stop at the first that may still wait.
      for (const [index, exchange] of inFlight) {
        if (now - (due[index] as number) < giveUpMs) break
        exchange.abort(`no answer ${giveUpMs / 1000} s after the due time: the client hung up`)
      }
      if (next === due.length && open === 0) return stop()
      const wait = next < due.length ? (due[next] as number) - now : 50
      // Node rounds down, and a timer may fire early by less than 1 ms: the loop above then simply waits again.
      timer = setTimeout(step, Math.min(wait, 50))
    }
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    else step()
  })

  if (signal.aborted) for (const exchange of inFlight.values()) exchange.abort('the run was stopped while it was in flight')
  if (open > 0) await allEnded
  await pool.destroy().catch(() => {})
  return log
}
