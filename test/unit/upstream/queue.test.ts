import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deriveSeed, exponential, random } from '../../../src/random.ts'
import { type Place, WorkQueue } from '../../../src/upstream/queue.ts'

describe('a queue', () => {
  test('2 workers take 2 of 3 requests that come at once; the third waits for the first worker to come free', () => {
    const queue = new WorkQueue(2)
    expect([0, 0, 0].map((now) => queue.arrive(now, 20))).toEqual([
      { startedMs: 0, dueMs: 20, busy: 1, queued: 0 },
      { startedMs: 0, dueMs: 20, busy: 2, queued: 0 },
      { startedMs: 20, dueMs: 40, busy: 2, queued: 1 },
    ])
  })

  test('without a limit nothing waits', () => {
    const queue = new WorkQueue()
    const places = Array.from({ length: 2000 }, () => queue.arrive(5, 20))
    expect(places.every((place) => place.startedMs === 5 && place.dueMs === 25 && place.queued === 0)).toBe(true)
    expect(places.at(-1)?.busy).toBe(2000)
  })

  test('a worker that comes free at the instant of an arrival takes it', () => {
    const queue = new WorkQueue(1)
    queue.arrive(0, 20)
    expect(queue.arrive(20, 20)).toEqual({ startedMs: 20, dueMs: 40, busy: 1, queued: 0 })
  })

  test('requests that have left are counted no more', () => {
    const queue = new WorkQueue(1)
    for (let i = 0; i < 4; i++) queue.arrive(0, 10)
    // At 25 two are done (10, 20), one is at work (until 30), one waits (until 30), and this one behind it (until 40).
    expect(queue.arrive(25, 10)).toEqual({ startedMs: 40, dueMs: 50, busy: 1, queued: 2 })
    expect(queue.arrive(100, 10)).toEqual({ startedMs: 100, dueMs: 110, busy: 1, queued: 0 })
  })

  test('a request overtakes another at the workers, but never in the line', () => {
    const queue = new WorkQueue(2)
    queue.arrive(0, 100)
    queue.arrive(0, 10)
    expect(queue.arrive(1, 50).startedMs).toBe(10)
    expect(queue.arrive(2, 1).startedMs).toBe(60)
  })

  // 4 workers at 20 ms carry 200/s; 300/s for 10 s bring 3,000 requests, of which the last is done after 3,000 / 200 = 15 s.
  test('under overload it serves exactly its capacity', () => {
    const queue = new WorkQueue(4)
    let last = 0
    for (let i = 0; i < 3000; i++) last = queue.arrive((i * 1000) / 300, 20).dueMs
    expect(last).toBeCloseTo(15_000, -2)
  })

  test.each([0, -1, 1.5, Number.NaN])('%d workers are refused', (workers) => {
    expect(() => new WorkQueue(workers)).toThrow(`workers must be a whole number from 1, got ${workers}`)
  })
})

describe('against a plain simulation that looks at every request again', () => {
  const requests = fc.array(fc.record({ gap: fc.nat(20), service: fc.nat(60) }), { maxLength: 200 })

  test('starts, ends and counts agree for any load and any number of workers', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), requests, (workers, steps) => {
        const queue = new WorkQueue(workers)
        const seen: Place[] = []
        let now = 0
        for (const { gap, service } of steps) {
          now += gap
          seen.push(queue.arrive(now, service))
          expect(seen.at(-1)).toEqual(plainPlace(seen.slice(0, -1), workers, now, service))
        }
      }),
    )
  })

  /** The definition, by brute force: the first instant from `now` on, not before the start of those ahead, with a worker free. */
  function plainPlace(ahead: readonly Place[], workers: number, now: number, service: number): Place {
    const atWork = (time: number) => ahead.filter((place) => place.startedMs <= time && place.dueMs > time).length
    let started = Math.max(now, ahead.at(-1)?.startedMs ?? 0)
    while (atWork(started) >= workers) started++
    const startsNow = started === now
    const waiting = ahead.filter((place) => place.startedMs > now).length
    return {
      startedMs: started,
      dueMs: started + service,
      busy: atWork(now) + (startsNow ? 1 : 0),
      queued: waiting + (startsNow ? 0 : 1),
    }
  }
})

describe('against queueing theory (M/M/c)', () => {
  const SERVICE_MS = 20
  const RUNS = 24
  const REQUESTS = 20_000

  /**
   * The share of requests that wait, with `c` workers and `load` = arrival rate × service time.
   * @see Erlang C: A. K. Erlang, 1917; e.g. Gross and Harris, Fundamentals of Queueing Theory, section 2.3
   */
  function erlangC(c: number, load: number): number {
    let erlangB = 1
    for (let k = 1; k <= c; k++) erlangB = (load * erlangB) / (k + load * erlangB)
    return erlangB / (1 - (load / c) * (1 - erlangB))
  }

  // Runs with seeds of their own are independent, so their means give the standard error of the mean of means. A t-variable
  // with 23 degrees of freedom is beyond 5 with a chance of 5e-5. The cold start (an empty line for about 1 s of more than
  // 100 s) is left out by dropping the first tenth.
  test.each([
    { workers: 1, utilisation: 0.5 },
    { workers: 4, utilisation: 0.7 },
    { workers: 4, utilisation: 0.9 },
    { workers: 20, utilisation: 0.8 },
  ])('$workers workers at a utilisation of $utilisation: the share that waits and the mean time are those of Erlang C', (system) => {
    const { workers, utilisation } = system
    const gapMs = SERVICE_MS / (workers * utilisation)
    const waitShare = erlangC(workers, workers * utilisation)
    const sojournMs = SERVICE_MS + (waitShare * SERVICE_MS) / (workers * (1 - utilisation))

    const runs = Array.from({ length: RUNS }, (_, run) => simulate(workers, gapMs, run))
    expectMean(
      runs.map((run) => run.waitShare),
      waitShare,
    )
    expectMean(
      runs.map((run) => run.sojournMs),
      sojournMs,
    )
    // A random arrival sees the average state (PASTA): the others at work are workers × utilisation on average.
    expectMean(
      runs.map((run) => run.busyBefore),
      workers * utilisation,
    )
  })

  function simulate(workers: number, gapMs: number, run: number) {
    const gaps = random(deriveSeed(7, 'gaps', workers, run))
    const services = random(deriveSeed(7, 'services', workers, run))
    const queue = new WorkQueue(workers)
    const sum = { waits: 0, sojournMs: 0, busyBefore: 0 }
    let now = 0
    for (let i = 0; i < REQUESTS; i++) {
      now += exponential(gaps, gapMs)
      const place = queue.arrive(now, exponential(services, SERVICE_MS))
      if (i < REQUESTS / 10) continue
      sum.waits += place.startedMs > now ? 1 : 0
      sum.sojournMs += place.dueMs - now
      sum.busyBefore += place.queued > 0 ? workers : place.busy - 1
    }
    const counted = REQUESTS * 0.9
    return { waitShare: sum.waits / counted, sojournMs: sum.sojournMs / counted, busyBefore: sum.busyBefore / counted }
  }

  function expectMean(values: readonly number[], expected: number): void {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
    const standardError = Math.sqrt(variance / values.length)
    expect(Math.abs(mean - expected)).toBeLessThan(5 * standardError)
    // The claim is worth something only when the tolerance is small.
    expect(standardError / expected).toBeLessThan(0.03)
  }
})
