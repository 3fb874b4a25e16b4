import { describe, expect, test, vi } from 'vitest'
import { Gate } from '../../src/load/gate.ts'
import { readyLoad } from '../../src/load/load.ts'
import { Pulse } from '../../src/load/pulse.ts'
import { latencies, lateness, MACHINE_LAG_MS, planOf, quantile, send, TIMER_MS, UNSEEN } from '../helpers/send.ts'
import { closeAfterTest, serve } from '../helpers/servers.ts'

/** As fine as the record keeps times. */
const RECORDED_TO_MS = 0.001

describe('time', () => {
  test('requests go out when they are due', async ({ annotate }) => {
    const origin = await serve((_, response) => response.end('ok'))
    const plan = planOf(`load: { rate: 500/s, arrivals: poisson }\nphases: [{ name: all, for: 2s }]`)
    const log = await send(origin, plan)
    const late = lateness(log)
    const took = latencies(log).map((latency, i) => latency - (late[i] as number))
    const words = (values: readonly number[]) => [0.5, 0.99, 1].map((q) => quantile(values, q).toFixed(2)).join(', ')
    await annotate(`500/s to a server of the same process: lateness p50, p99, max ${words(late)} ms; exchange ${words(took)} ms`)
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0)
    expect(quantile(late, 0.5)).toBeLessThan(10)
    expect(quantile(late, 0.9)).toBeLessThan(MACHINE_LAG_MS)
  })

  // Some 150 requests, each in flight for 4 ms or more: when the next one is nearly due, some 7 ms later, sometimes one is in flight
  // and sometimes none.
  test('what timers leave of the time is slept through: at most 1 ms at once, and 0.2 ms where an answer may come', async () => {
    const origin = await serve((_, response) => void setTimeout(() => response.end('ok'), 4))
    const plan = planOf(`load: { rate: 150/s, arrivals: poisson }\nphases: [{ name: all, for: 1s }]`)
    let inFlight = 0
    const rests: { ms: number | undefined; inFlight: number }[] = []
    const wait = Atomics.wait
    const spy = vi.spyOn(Atomics, 'wait').mockImplementation((...args: unknown[]) => {
      rests.push({ ms: args[3] as number | undefined, inFlight })
      return wait(...(args as Parameters<typeof wait>))
    })
    closeAfterTest(() => spy.mockRestore())
    const log = await send(origin, plan, undefined, {
      onLog: () => {},
      onSent: () => void inFlight++,
      onEnd: () => void inFlight--,
    })
    expect([log.count, log.errors.size]).toEqual([plan.load.due.length, 0])
    expect(rests).not.toEqual([])
    const longest = (some: typeof rests) => Math.max(...some.map(({ ms }) => ms ?? Number.POSITIVE_INFINITY))
    expect(longest(rests.filter(({ inFlight }) => inFlight === 0))).toBeLessThanOrEqual(1)
    expect(longest(rests.filter(({ inFlight }) => inFlight > 0))).toBeLessThanOrEqual(0.2)
    expect(Math.min(...lateness(log))).toBeGreaterThanOrEqual(0)
  })

  test('the end of a phase waits for no request that is due after it, not even for the first', async () => {
    const origin = await serve((_, response) => response.end('ok'))
    const plan = planOf(`load: { warmup: 200ms }\nphases: [{ name: all, for: 100ms, bursts: { size: 5, every: 50ms } }]`)
    const gate = new Gate()
    gate.openUntil(200)
    const zero = performance.now() + 20
    const pulse = new Pulse(zero)
    closeAfterTest(() => pulse.stop())
    const load = readyLoad(plan.load)({ origin, plan, zero, gate, pulse, watcher: UNSEEN, signal: new AbortController().signal })
    expect(gate).toMatchObject({ next: 200, isDrained: true })
    gate.openUntil(Number.POSITIVE_INFINITY)
    expect((await load).count).toBe(10)
  })

  // Due every 5 ms: the stall of 300 ms holds up 60 requests, the first of them by 300 ms.
  test('a stall of the generator shows in lateness, and in the latency of each request that was due in it', async () => {
    const STALL_MS = 300
    const origin = await serve((_, response) => response.end('ok'))
    const plan = planOf(`load: { rate: 200/s }\nphases: [{ name: all, for: 1s }]`)
    let stalled = { from: 0, to: 0 }
    const zero = performance.now() + 20
    setTimeout(() => {
      stalled = { from: performance.now() - zero, to: 0 }
      while (performance.now() - zero < stalled.from + STALL_MS) {}
      stalled.to = performance.now() - zero
    }, 400)
    const gate = new Gate()
    gate.openUntil(Number.POSITIVE_INFINITY)
    const pulse = new Pulse(zero)
    const told = Array<number>(200).fill(Number.NaN)
    const watcher = {
      onLog: () => {},
      onSent: () => {},
      onEnd: (index: number, latencyMs: number) => void told.splice(index, 1, latencyMs),
    }
    const log = await readyLoad(plan.load)({ origin, plan, zero, gate, pulse, watcher, signal: new AbortController().signal })
    pulse.stop()
    // The pulse was due every 10 ms: some 30 times.
    const missed = pulse.take().beats.filter(({ from }) => from > stalled.from + TIMER_MS && from < stalled.to - TIMER_MS)
    expect(missed.length).toBeGreaterThan(25)
    for (const { from, to } of missed) expect(to).toBeGreaterThan(Math.max(from, stalled.to - TIMER_MS))
    // What is shown while the load runs counts from the due time, too.
    expect(told).toHaveLength(log.count)
    for (const [i, latency] of latencies(log).entries()) expect(Math.abs((told[i] as number) - latency)).toBeLessThan(RECORDED_TO_MS)
    const caught = [...plan.load.due].flatMap((due, i) => (due > stalled.from + TIMER_MS && due < stalled.to ? [{ due, i }] : []))
    expect(caught.length).toBeGreaterThan(50)
    for (const { due, i } of caught) {
      expect(log.sentAt(i)).toBeGreaterThanOrEqual(stalled.to - RECORDED_TO_MS)
      expect(log.endAt(i) - due).toBeGreaterThanOrEqual(stalled.to - due - RECORDED_TO_MS)
    }
    // None was left out.
    expect([log.count, log.errors.size]).toEqual([200, 0])
    expect(Math.max(...lateness(log))).toBeGreaterThan(STALL_MS - 2 * 5)
  })
})
