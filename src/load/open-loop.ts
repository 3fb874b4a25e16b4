import { Readable } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import type { Dispatcher } from 'undici'
import type { OpenLoad, Plan, PlannedRequest } from '../plan/plan.ts'
import { isExpectedAnswer } from '../plan/success.ts'
import { PATIENCE_MS } from '../scenario/limits.ts'
import { slowBody } from '../upstream/slow-body.ts'
import { wallClockOffset } from '../wall-clock.ts'
import { ClientLog } from './client-log.ts'
import { Connections } from './connections.ts'
import { Exchange } from './exchange.ts'
import { identify } from './identity.ts'
import type { LoadRun } from './load-run.ts'
import { type Mark, marksOf } from './mark.ts'

/**
 * So many requests are sent before answers are looked for. What is overdue after a stall would else open a connection each
 * while answered ones lie unread, which takes longer than the stall did: the generator would never catch up.
 */
const BATCH = 64
/** Between two looks for requests that waited too long, when none is due. */
const LOOK_AGAIN_MS = 50
/** What falls due so soon after the last look waits for company: to wake for each request alone takes twice the processor time. */
const TOGETHER_MS = 0.5
/** Node's timers take whole milliseconds: what is left until a request is due is less than that. */
const TIMER_MS = 1
/** An answer that comes while the generator sleeps lies unread for so long at most, and by that its latency is too long. */
const UNREAD_MS = 0.2
/** Never changes: whoever waits for that sleeps. */
const NOTHING = new Int32Array(new SharedArrayBuffer(4))

/**
 * The open loop: sends each request when it is due, whether or not earlier ones were answered, and never leaves one out.
 * If the generator itself stalls, the requests that were due meanwhile go out late, and their latency counts from the
 * due time, so a stall cannot hide (coordinated omission).
 * @returns when every request that was sent has ended
 */
export async function openLoop({ origin, plan, zero, gate, watcher, signal }: LoadRun, load: OpenLoad): Promise<ClientLog> {
  // What belongs to a request dies with it. Where the first ones are slow, V8 takes that for long-lived, and no short collection
  // frees any of it from then on: pauses of 5 to 15 ms in place of one, and a fifth more processor time.
  setFlagsFromString('--no-allocation-site-pretenuring')
  const { due, request: kinds, deadline } = load
  const connections = new Connections(origin)
  const marks = marksOf(plan)
  const log = new ClientLog(wallClockOffset() + zero, due.length, load)
  watcher.onLog(log)
  const giveUpMs = deadline + PATIENCE_MS

  /** Those in flight, in the order of sending. */
  const exchanges = new Map<number, Exchange>()
  let next = 0
  let timer: NodeJS.Timeout | undefined
  let looked = Number.NEGATIVE_INFINITY
  // Before anything was due, too: a phase in which nothing is has nothing to wait for at its end.
  gate.next = due[0] ?? Number.POSITIVE_INFINITY
  await new Promise<void>((resolve) => {
    const finishIfOver = () => {
      if (exchanges.size > 0 || (next < due.length && !signal.aborted)) return
      clearTimeout(timer)
      // The signal outlives the load, and would keep its log and its connections.
      signal.removeEventListener('abort', stop)
      resolve()
    }

    const begin = (index: number) => {
      const kind = plan.requests[kinds[index] as number] as PlannedRequest
      const connection = connections.take()
      const exchange = new Exchange((ending) => {
        const { status, error, grpcStatus } = ending
        const end = performance.now() - zero
        exchanges.delete(index)
        if (error === null) connections.giveBack(connection)
        else connections.drop(connection)
        log.finish(index, end, ending)
        const latency = end - (due[index] as number)
        watcher.onEnd(index, latency, error === null && isExpectedAnswer(kind, status, grpcStatus) && latency <= deadline)
        if (exchanges.size === 0) finishIfOver()
      })
      exchanges.set(index, exchange)
      log.begin(due[index] as number, kinds[index] as number, performance.now() - zero)
      watcher.onSent(index)
      connection.dispatch(dispatched(plan, kind, index, marks.get(index)), exchange)
    }

    /** Ms until the next look. */
    const untilLook = (now: number) => (next < due.length ? Math.max(due[next] as number, looked + TOGETHER_MS) - now : LOOK_AGAIN_MS)

    /** Whether the next look is nearer than a timer can tell. What waits at the gate waits for a timer. */
    const isSoon = (now: number) => next < due.length && gate.lets(due[next] as number) && untilLook(now) < TIMER_MS

    /** Sleeps until then, to the fraction of a millisecond that a timer cannot; the event loop stands still meanwhile. */
    const rest = () => {
      const now = performance.now() - zero
      if (!isSoon(now)) return
      const wait = Math.min(untilLook(now), exchanges.size > 0 ? UNREAD_MS : TIMER_MS)
      if (wait > 0) Atomics.wait(NOTHING, 0, 0, wait)
    }

    const sendDue = (now: number) => {
      looked = now
      const mayGo = () => next < due.length && (due[next] as number) <= now && gate.lets(due[next] as number)
      for (let left = BATCH; left > 0 && mayGo(); left--) begin(next++)
      gate.next = due[next] ?? Number.POSITIVE_INFINITY
      // The rest of a stall goes out after the answers that are there by now, without waiting for company.
      if (mayGo()) looked = Number.NEGATIVE_INFINITY
    }

    const hangUp = (now: number) => {
      for (const [index, exchange] of exchanges) {
        // Those after it were due later.
        if (now - (due[index] as number) < giveUpMs) break
        exchange.abort(`no answer ${giveUpMs / 1000} s after the due time: the client hung up`)
      }
    }

    const look = () => {
      if (signal.aborted) return
      rest()
      const now = performance.now() - zero
      if (untilLook(now) <= 0) sendDue(now)
      hangUp(now)
      if (next === due.length && exchanges.size === 0) return finishIfOver()
      if (isSoon(now)) setImmediate(look)
      else timer = setTimeout(look, Math.max(1, Math.min(untilLook(now), LOOK_AGAIN_MS)))
    }

    const stop = () => {
      clearTimeout(timer)
      for (const exchange of exchanges.values()) exchange.abort('the run was stopped while it was in flight')
      finishIfOver()
    }
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    else look()
  })
  // As it was: V8 takes and keeps compiled code only under the flags that a process begins with.
  setFlagsFromString('--allocation-site-pretenuring')
  log.close(wallClockOffset() + zero - log.startedAt)
  await connections.close()
  return log
}

function dispatched(
  plan: Plan,
  { method, path, headers, body, uploadMs }: PlannedRequest,
  index: number,
  mark: Mark | undefined,
): Dispatcher.DispatchOptions {
  const named = identify(plan, index, headers, mark)
  if (body === undefined || uploadMs === 0) return { path, method, headers: named, body: body ?? null }
  const bytes = Buffer.from(body)
  return { path, method, headers: { ...named, 'content-length': String(bytes.length) }, body: Readable.from(slowBody(bytes, uploadMs)) }
}
