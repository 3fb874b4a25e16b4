import { describe, expect, test } from 'vitest'
import { crowdAt, peaksOf } from '../../../src/observe/crowd.ts'
import { random } from '../../../src/random.ts'
import { attempt, egress, good } from '../verdict/records.ts'

const exact = (count: number) => ({ least: count, most: count })
const hop = (start: number) => ({ start, durationMs: 10, status: 200, flags: [], faults: [] })

/** A request that was due when its only attempt began, and that lasted to this time, to a microsecond. */
const stay = (from: number, to: number, parts: object = {}) =>
  good({
    due: from,
    egress: egress({ start: from, durationMs: to - from }),
    attempts: [attempt({ start: from, durationMs: to - from, hop: hop(from), ...parts })],
  })

const CLUSTERS = ['inventory', 'cart']
const peaks = (records: Parameters<typeof peaksOf>[0], ...phases: [number, number][]) =>
  peaksOf(
    records,
    CLUSTERS,
    phases.map(([from, to]) => ({ from, to })),
  ).get('inventory') ?? expect.fail()

describe('how many share an instant', () => {
  //      0    10   20   30
  // a    ■■■■■■■■■■
  // b         ■■■■■■■■■■
  // c              ■■■■■■■■■■
  const three = [stay(0, 20), stay(10, 30), stay(20, 40)]

  test.each([
    [-1, 0],
    [0, 1],
    [15, 2],
    // One that ends as another begins has left its place to it.
    [20, 2],
    [39.999, 1],
    [40, 0],
  ])('at %d ms: %d', (ms, count) => {
    expect(crowdAt(three, 'inventory', 'inFlight', ms)).toEqual(exact(count))
  })

  test.each([
    ['the whole', [0, 100], 2],
    ['where only one is left from before', [30, 100], 1],
    ['between two beginnings, what is open', [12, 13], 2],
    ['after all', [40, 100], 0],
  ] as const)('the most in %s', (_, [from, to], most) => {
    expect(peaks(three, [from, to])[0]?.inFlight).toEqual(exact(most))
  })

  test('the most of each phase, with what is open when it begins', () => {
    const found = peaks([...three, stay(60, 70), stay(60, 70), stay(61, 70)], [0, 5], [5, 30], [30, 50], [50, 100])
    expect(found.map(({ inFlight }) => inFlight.most)).toEqual([1, 2, 1, 3])
  })

  test('peaks are those that looking at each instant finds', () => {
    const rng = random(7)
    const from = Array.from({ length: 200 }, () => Math.floor(rng() * 500)).sort((a, b) => a - b)
    const records = from.map((at) => stay(at, at + 1 + Math.floor(rng() * 40)))
    const byLooking = [0, 250].map((begin) =>
      Math.max(...Array.from({ length: 250 }, (_, i) => crowdAt(records, 'inventory', 'inFlight', begin + i).most)),
    )
    expect(peaks(records, [0, 250], [250, 500]).map(({ inFlight }) => inFlight.most)).toEqual(byLooking)
  })
})

describe('an attempt', () => {
  const waits = [stay(0, 60, { durationMs: 50, poolMs: 30, hop: hop(30.5) })]
  const at = (records: typeof waits, ms: number) =>
    (['pending', 'inFlight'] as const).map((crowd) => crowdAt(records, 'inventory', crowd, ms))

  test('waits until it has a connection, and is in flight from then on', () => {
    expect(at(waits, 29)).toEqual([exact(1), exact(0)])
    expect(at(waits, 31)).toEqual([exact(0), exact(1)])
  })

  test('ends within a millisecond that the log cuts off', () => {
    expect(at(waits, 50.5)[1]).toEqual({ least: 0, most: 1 })
    expect(at(waits, 51.5)[1]).toEqual(exact(0))
  })

  test('does not outlast its call, which is logged to a microsecond', () => {
    expect(at([stay(0, 50.2, { durationMs: 50 })], 50.3)[1]).toEqual(exact(0))
  })

  test('that never got a connection waited to its end', () => {
    expect(at([stay(0, 50, { hop: null })], 49)).toEqual([exact(1), exact(0)])
  })

  test('of another cluster does not count', () => {
    expect(crowdAt(waits, 'cart', 'inFlight', 31)).toEqual(exact(0))
    expect(peaksOf(waits, ['cart'], [{ from: 0, to: 100 }]).get('cart')?.[0]?.inFlight).toEqual(exact(0))
  })
})

describe('a retry', () => {
  const at = (records: Parameters<typeof crowdAt>[0], ms: number) => crowdAt(records, 'inventory', 'retrying', ms)
  const call = (durationMs: number, parts: object = {}) => egress({ start: 0, durationMs, ...parts })
  // The first try ends at 20 (its end is logged in whole milliseconds), the second one goes from 45 to 65.
  const first = attempt({ start: 0, durationMs: 20, hop: hop(0) })
  const second = attempt({ n: 2, start: 45, durationMs: 20, hop: hop(45) })
  const retried = [good({ egress: call(65), attempts: [first, second] })]

  test.each([
    [19, exact(0)],
    [20.5, { least: 0, most: 1 }],
    [30, exact(1)],
    [64, exact(1)],
    [65, exact(0)],
  ])('counts from the end of the try before, its back-off included: at %d ms', (ms, bounds) => expect(at(retried, ms)).toEqual(bounds))

  test('of hedging counts from its own start, where the try before goes on', () => {
    const slow = attempt({ start: 0, durationMs: 100, hop: hop(0) })
    expect(at([good({ egress: call(100), attempts: [slow, second] })], 30)).toEqual(exact(0))
    expect(at([good({ egress: call(100), attempts: [slow, second] })], 50)).toEqual(exact(1))
  })

  test.each([
    ['that a breaker refused', { rejectedBy: 'max_requests' }],
    ['that the timeout of the route forestalled', { cutBy: 'route' }],
  ])('%s counts to the end of its call', (_, parts) => {
    const records = [good({ egress: call(40, parts), attempts: [first] })]
    expect([at(records, 30), at(records, 40)]).toEqual([exact(1), exact(0)])
  })

  test('a call that its only try ended has none', () => expect(at([good({ egress: call(40), attempts: [first] })], 30)).toEqual(exact(0)))
})
