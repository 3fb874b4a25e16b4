import { requestIndex } from '../load/client-log.ts'
import type { SeenCall } from './calls.ts'
import { CLOCK_SLACK_MS } from './timeline.ts'

/** Requests by the time they were in flight, in order of sending; times in ms after the start of the load. */
export interface InFlight {
  count: number
  sent(index: number): number
  /** The end of the answer, or of the waiting for one. */
  end(index: number): number
}

/** Whose calls are whose. */
export interface Owners {
  /** By the place of the request in the load; a missing one has none. */
  calls: ReadonlyMap<number, readonly SeenCall[]>
  /** Those that nobody can say whose they are. */
  foreign: readonly SeenCall[]
  /** Whether a foreign call came while the request was in flight, so that it may be one of its own. */
  isDoubtful(index: number): boolean
}

/** What an app still does for a request when it has answered: writing a log entry, filling a cache. */
const AFTERWARDS_MS = 250

/**
 * Finds the request that each call was made for.
 * - By the id that it carries, where that is one of ours and its request was in flight (an app may hold on to the id of
 *   its first request for ever).
 * - Where the app forwards no id at all: by time, if only one request was in flight then. Not so if it makes calls while
 *   none is: those are its own, and so may any be.
 */
export function findOwners(calls: readonly SeenCall[], requests: InFlight): Owners {
  const byId = calls.map((call) => ownerById(call, requests))
  const forwards = calls.some(({ id }) => id !== null && isOurs(id, requests.count))
  const owners = forwards ? byId : (ownersByTime(calls, requests) ?? byId)
  const owned = new Map<number, SeenCall[]>()
  const foreign: SeenCall[] = []
  for (const [i, call] of calls.entries()) {
    const owner = owners[i]
    if (owner === undefined) foreign.push(call)
    else owned.set(owner, [...(owned.get(owner) ?? []), call])
  }
  const starts = Float64Array.from(foreign, ({ egress }) => egress.start).sort()
  return {
    calls: owned,
    foreign,
    isDoubtful: (index) => hasBetween(starts, requests.sent(index) - CLOCK_SLACK_MS, requests.end(index) + CLOCK_SLACK_MS),
  }
}

function isOurs(id: string, count: number): boolean {
  const index = requestIndex(id)
  return index >= 0 && index < count
}

function ownerById({ id, egress }: SeenCall, requests: InFlight): number | undefined {
  if (id === null || !isOurs(id, requests.count)) return undefined
  const index = requestIndex(id)
  const from = requests.sent(index) - CLOCK_SLACK_MS
  return egress.start >= from && egress.start <= requests.end(index) + AFTERWARDS_MS ? index : undefined
}

/**
 * @param calls - in order of their start
 * @returns undefined where a call came while nothing was in flight
 */
function ownersByTime(calls: readonly SeenCall[], requests: InFlight): (number | undefined)[] | undefined {
  const owners: (number | undefined)[] = []
  let next = 0
  let inFlight: number[] = []
  for (const { egress } of calls) {
    while (next < requests.count && requests.sent(next) - CLOCK_SLACK_MS <= egress.start) inFlight.push(next++)
    inFlight = inFlight.filter((index) => requests.end(index) + CLOCK_SLACK_MS >= egress.start)
    if (inFlight.length === 0) return undefined
    owners.push(inFlight.length === 1 ? inFlight[0] : undefined)
  }
  return owners
}

/** Whether one of the sorted values lies from `low` to `high`. */
function hasBetween(sorted: Float64Array, low: number, high: number): boolean {
  let [from, to] = [0, sorted.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if ((sorted[middle] as number) < low) from = middle + 1
    else to = middle
  }
  return from < sorted.length && (sorted[from] as number) <= high
}
