import { describe, expect, test } from 'vitest'
import { exponential, random } from '../../../src/random.ts'
import type { LogEntry } from '../../../src/traffic-log/entry.ts'
import { longestBackOff, propose, roundUp } from '../../../src/traffic-log/propose.ts'
import { Survey, THE_OTHERS, Traffic } from '../../../src/traffic-log/survey.ts'
import { mostInFlight, TimeCounts } from '../../../src/traffic-log/time-counts.ts'

const ENTRY: LogEntry = {
  start: 1_000_000,
  ms: 10,
  serviceMs: 9,
  method: 'GET',
  path: '/items/4',
  authority: 'shop',
  status: 200,
  flags: [],
  details: undefined,
  cluster: 'items',
  host: '10.0.0.1:80',
  attempts: 1,
}
const of = (entries: readonly Partial<LogEntry>[]) => {
  const traffic = new Traffic()
  for (const entry of entries) traffic.add({ ...ENTRY, ...entry })
  return traffic
}

describe('load', () => {
  test('arrivals, Little’s mean and the most at once, in any order of lines', () => {
    // 0 to 1000 and 500 to 1500 overlap; from 2000 to 2500 there is one.
    const entries = [
      { start: 2000, ms: 500 },
      { start: 0, ms: 1000 },
      { start: 500, ms: 1000 },
    ]
    for (const order of [entries, entries.toReversed()]) {
      const load = of(order).load()
      // Three in the 2 s from the first to the last; 2500 ms of work in 2000 ms.
      expect(load).toMatchObject({ perSecond: 1.5, meanInFlight: 1.25 })
      expect(load.mostInFlight).toEqual({ low: 2, high: 2 })
      expect(load.busiest).toEqual([
        { overMs: 1000, requests: 2 },
        { overMs: 60_000, requests: 3 },
      ])
    }
  })

  test('what was refused takes no place', () => {
    expect(of([{ flags: ['UO'], serviceMs: undefined, ms: 1000 }]).load().mostInFlight).toEqual({ low: 0, high: 0 })
  })

  test('bins of a long time are wider, count the same, and hold the peak between their two ends', () => {
    const [starts, ends] = [new TimeCounts(1), new TimeCounts(1)]
    const day = 86_400_000
    const draw = random(3)
    for (let i = 0; i < 1000; i++) {
      const start = Math.floor(draw() * day)
      starts.add(start)
      ends.add(start + 100)
    }
    // Ten at once, far from the others.
    for (let i = 0; i < 10; i++) {
      starts.add(2 * day)
      ends.add(2 * day + 5000)
    }
    expect([...starts.bins()].reduce((sum, { count }) => sum + count, 0)).toBe(1010)
    const { low, high } = mostInFlight(starts, ends)
    expect(starts.widthMs).toBeGreaterThan(1000)
    expect(low).toBeLessThanOrEqual(10)
    expect(high).toBeGreaterThanOrEqual(10)
    expect(high).toBeLessThanOrEqual(12)
  })
})

describe('groups', () => {
  test('by cluster where there is one, else by host', () => {
    const [clusters, hosts] = [new Survey(), new Survey()]
    clusters.add(ENTRY)
    hosts.add({ ...ENTRY, cluster: undefined })
    expect([...clusters.groups.keys(), ...hosts.groups.keys()]).toEqual(['items', 'shop'])
  })

  test('by the first part of the path', () => {
    const survey = new Survey('path')
    survey.add(ENTRY)
    survey.add({ ...ENTRY, path: '/items?page=2' })
    expect([...survey.groups.keys()]).toEqual(['/items'])
  })

  test('beyond forty they are put together', () => {
    const survey = new Survey()
    for (let i = 0; i < 60; i++) survey.add({ ...ENTRY, cluster: `c${i}` })
    expect(survey.groups.size).toBe(41)
    expect(survey.groups.get(THE_OTHERS)?.requests).toBe(20)
  })
})

describe('the proposal', () => {
  const drawn = (n: number, cutAt = Number.POSITIVE_INFINITY) => {
    const draw = random(8)
    return of(
      Array.from({ length: n }, () => {
        const ms = Math.floor(exponential(draw, 50))
        return ms < cutAt ? { ms } : { ms: cutAt, status: 504, flags: ['UT'] }
      }),
    )
  }
  /** Of an exponential law of mean 50 ms. */
  const beyond = (share: number) => -50 * Math.log(share)

  test('of a known law lies above its quantile, and not far above', () => {
    const { whole, timeout } = propose(drawn(100_000), 0.01, 0)
    // 230 ms: a bucket (4 %), 1 ms of rounding, and chance: 1000 ± 62 of 100,000 lie beyond, so ± 3 ms.
    expect(whole.safe).toBeGreaterThan(beyond(0.01))
    expect(whole.safe).toBeLessThan(1.04 * (beyond(0.01) + 7) + 1)
    expect(timeout).toBe(250)
  })

  test('does not change by a limit that cut less than the share', () => {
    // 250 ms cuts 0.67 %.
    expect(propose(drawn(100_000, 250), 0.01, 0).whole).toEqual(propose(drawn(100_000), 0.01, 0).whole)
  })

  test('there is none for a share below that of those that were cut', () => {
    // 200 ms cuts 1.8 %.
    const proposal = propose(drawn(100_000, 200), 0.01, 0)
    expect(proposal).toMatchObject({ timeout: null, whole: { estimate: null, safe: null } })
    expect(proposal.cutShare).toBeCloseTo(Math.exp(-200 / 50), 2)
    expect(proposal.curve.find(({ rate }) => rate === 0.05)?.safe).toBeGreaterThan(beyond(0.05))
  })

  test('there is none where the log has fewer requests than the share takes', () => {
    // ln 0.025 / ln 0.999 = 3687.04
    const proposal = propose(drawn(3000), 0.001, 0)
    expect(proposal).toMatchObject({ timeout: null, needed: 3688, samples: 3000 })
  })

  test('with retries each try has its limit, and the whole has room for all of them and the waits', () => {
    const { perTry, timeout } = propose(drawn(100_000), 0.01, 2)
    // 3 × 250 + 25 + 50 = 825
    expect([perTry, timeout]).toEqual([250, 1000])
  })

  test('what was tried again is no longer than its tries were: as if they had been cut there', () => {
    const once = Array.from({ length: 1000 }, () => ({ ms: 10 }))
    const again = Array.from({ length: 20 }, () => ({ ms: 500, attempts: 2 }))
    const proposal = propose(of([...once, ...again]), 0.05, 1)
    expect(proposal.try.safe).toBeLessThan(12)
    // 20 of 1020 may hide a try of up to 500 ms.
    expect(propose(of([...once, ...again]), 0.01, 1).perTry).toBeNull()
  })

  test.each([
    [0.4, 1],
    [83, 100],
    [100, 100],
    [101, 120],
    [1300, 1500],
    [9000, 10_000],
  ])('%d ms is rounded up to %d', (value, round) => {
    expect(roundUp(value)).toBe(round)
  })

  test('the waits double up to 250 ms', () => {
    expect(longestBackOff(6)).toBe(25 + 50 + 100 + 200 + 250 + 250)
  })
})
