import { expect, test } from 'vitest'
import type { SeenCall } from '../../../src/observe/calls.ts'
import { type InFlight, isOurs, ownerById, ownUnnamed } from '../../../src/observe/owners.ts'
import { egress } from '../verdict/records.ts'

const call = (start: number, id: string | null = 'made-by-envoy'): SeenCall => ({
  id,
  egress: egress({ start }),
  attempts: [],
  ingressFaults: [],
})

/** Requests in flight from and to these times; `r-1` is the first. */
const requests = (...spans: [sent: number, end: number][]) => ({
  count: spans.length,
  sent: (index: number) => spans[index]?.[0] as number,
  end: (index: number) => spans[index]?.[1] as number,
})

/** Whose each call is, by either way. */
function findOwners(calls: readonly SeenCall[], requests: InFlight) {
  const named = calls.filter((call) => isOurs(call, requests))
  const others = calls.filter((call) => !isOurs(call, requests))
  const late = named.filter((call) => ownerById(call, requests) === undefined)
  const { owned, foreign, isDoubtful } = ownUnnamed(others, late, named.length > 0, requests)
  const byId = Map.groupBy(named, (call) => ownerById(call, requests))
  return { calls: new Map([...byId, ...owned]), foreign, isDoubtful }
}

const starts = (calls: readonly SeenCall[] | undefined) => (calls ?? []).map(({ egress: { start } }) => start)

test('a call belongs to the request whose id it carries, as do several', () => {
  const owners = findOwners([call(10, 'r-1'), call(15, 'r-2'), call(20, 'r-1')], requests([0, 100], [5, 100]))
  expect(starts(owners.calls.get(0))).toEqual([10, 20])
  expect(starts(owners.calls.get(1))).toEqual([15])
  expect(owners.foreign).toEqual([])
  expect(owners.isDoubtful(0)).toBe(false)
})

test('an id that an app held on to after its request was over says nothing', () => {
  // 250 ms are left for what an app does after its answer
  const owners = findOwners([call(10, 'r-1'), call(340, 'r-1'), call(360, 'r-1')], requests([0, 100], [355, 400]))
  expect(starts(owners.calls.get(0))).toEqual([10, 340])
  expect(starts(owners.foreign)).toEqual([360])
  // the foreign call may be the second request's, or what the app still did for the first one
  expect(owners.isDoubtful(1)).toBe(true)
  expect(owners.isDoubtful(0)).toBe(true)
})

test('where no id is forwarded, a call belongs to the only request in flight', () => {
  const owners = findOwners([call(10), call(30), call(210)], requests([0, 100], [200, 300]))
  expect(starts(owners.calls.get(0))).toEqual([10, 30])
  expect(starts(owners.calls.get(1))).toEqual([210])
  expect(owners.foreign).toEqual([])
})

test('with several in flight nobody knows, and each of them is in doubt', () => {
  const owners = findOwners([call(10), call(60)], requests([0, 100], [50, 150], [200, 300]))
  expect(starts(owners.calls.get(0))).toEqual([10])
  expect(starts(owners.foreign)).toEqual([60])
  expect([0, 1, 2].map(owners.isDoubtful)).toEqual([true, true, false])
})

test('an app that also calls while nothing is in flight cannot be joined by time', () => {
  const owners = findOwners([call(10), call(150)], requests([0, 100], [200, 300]))
  expect(owners.calls.size).toBe(0)
  expect([0, 1].map(owners.isDoubtful)).toEqual([true, false])
})

test('once one call carries an id of ours, those without one are not guessed at', () => {
  const owners = findOwners([call(10, 'r-1'), call(20)], requests([0, 100]))
  expect(starts(owners.calls.get(0))).toEqual([10])
  expect(owners.isDoubtful(0)).toBe(true)
})

test('an id beyond the load is not ours', () => {
  const owners = findOwners([call(10, 'r-2')], requests([0, 100]))
  expect(starts(owners.calls.get(0))).toEqual([10])
})

test('an id that the load has yet to send says nothing', () => {
  // 25 ms are left for a clock that is being set
  const owners = findOwners([call(10, 'r-2'), call(180, 'r-2')], requests([0, 100], [200, 300]))
  expect(starts(owners.calls.get(1))).toEqual([180])
  expect(starts(owners.foreign)).toEqual([10])
  expect(owners.isDoubtful(0)).toBe(true)
})

test('what an app does for a request long after its answer leaves that one in doubt, though nothing else is in flight', () => {
  const owners = findOwners([call(10, 'r-1'), call(400, 'r-1'), call(1010, 'r-2')], requests([0, 20], [1000, 1020]))
  expect(starts(owners.foreign)).toEqual([400])
  expect([0, 1].map(owners.isDoubtful)).toEqual([true, false])
})
