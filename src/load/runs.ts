import type { PlannedRequest, RunsLoad } from '../plan/plan.ts'
import { isExpectedStatus } from '../plan/success.ts'
import { PATIENCE_MS } from '../scenario/limits.ts'
import { wallClockOffset } from '../wall-clock.ts'
import { ClientLog } from './client-log.ts'
import { Exchange } from './exchange.ts'
import { identify } from './identity.ts'
import type { LoadRun } from './load-run.ts'
import { marksOf } from './mark.ts'
import { Pool } from './undici.ts'

/**
 * Has the app run so many times in each phase, some of them at once: the next run begins when one has ended, and those of
 * the next phase when all of this one have. The gate counts runs here, not time.
 * @returns when every run has ended
 */
export async function playRuns({ origin, plan, zero, gate, watcher, signal }: LoadRun, load: RunsLoad): Promise<ClientLog> {
  const pool = new Pool(origin, { connections: null, pipelining: 1, headersTimeout: 0, bodyTimeout: 0, connectTimeout: 0 })
  const total = load.times * plan.phases.length
  const log = new ClientLog(wallClockOffset() + zero, total)
  watcher.onLog(log)
  const kind = plan.requests[0] as PlannedRequest
  const marks = marksOf(plan)
  const now = () => performance.now() - zero
  const inFlight = new Map<number, Exchange>()
  let ended = 0

  await new Promise<void>((resolve) => {
    const begin = () => {
      const at = now()
      const index = log.begin(at, 0, at)
      const exchange = new Exchange((ending) => {
        const { status, error } = ending
        clearTimeout(patience)
        inFlight.delete(index)
        const end = now()
        log.finish(index, end, ending)
        watcher.onEnd(index, end - at, error === null && isExpectedStatus(kind.successStatus, status) && end - at <= load.deadline)
        ended++
        // Runs that are not over hold the gate: the next phase does not begin before they are.
        gate.next = ended
        next()
      })
      inFlight.set(index, exchange)
      const patience = setTimeout(
        () => exchange.abort(`the run did not end within ${(load.deadline + PATIENCE_MS) / 1000} s`),
        load.deadline + PATIENCE_MS,
      )
      watcher.onSent(index)
      const headers = identify(plan, index, kind.headers, marks.get(index))
      pool.dispatch({ path: kind.path, method: kind.method, headers, body: null }, exchange)
    }
    const next = () => {
      if (inFlight.size === 0 && (signal.aborted || log.count === total)) return resolve()
      if (signal.aborted) return
      while (log.count < total && inFlight.size < load.parallel && gate.lets(log.count)) begin()
      if (log.count < total && inFlight.size < load.parallel) gate.whenOpened(next)
    }
    signal.addEventListener(
      'abort',
      () => {
        for (const exchange of [...inFlight.values()]) exchange.abort('the run was stopped while it was in flight')
        next()
      },
      { once: true },
    )
    // Its start is a little ahead, so that no run is in no phase.
    setTimeout(next, Math.max(0, Math.ceil(-now())))
  })
  log.close(wallClockOffset() + zero - log.startedAt)
  await pool.destroy().catch(() => {})
  return log
}
