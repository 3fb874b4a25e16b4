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

/** What an app still does for a request when it has answered: writing a log entry, filling a cache. */
const AFTERWARDS_MS = 250
/** A clock that is being set may put a call so much before its request, and not more (`sound.ts`). */
const BEFORE_MS = 25

/** Whether the id of a call is one of the load's. */
export function isOurs({ id }: SeenCall, { count }: InFlight): boolean {
  const index = id === null ? -1 : requestIndex(id)
  return index >= 0 && index < count
}

/**
 * The request whose id a call carries, while that is in flight: an app may hold on to the id of its first request for
 * ever, or make up one that the load has yet to send, which says nothing.
 */
export function ownerById(call: SeenCall, requests: InFlight): number | undefined {
  if (!isOurs(call, requests)) return undefined
  const index = requestIndex(call.id as string)
  const { start } = call.egress
  return start >= requests.sent(index) - BEFORE_MS && start <= requests.end(index) + AFTERWARDS_MS ? index : undefined
}

/** Whose the calls of an app are, of which it does not say so itself. */
export interface Unnamed {
  /** By the place of the request in the load. */
  owned: ReadonlyMap<number, readonly SeenCall[]>
  /** Those that nobody can say whose they are. */
  foreign: readonly SeenCall[]
  /** Whether a foreign call may be one of its own: it came while the request was in flight, or says that it is. */
  isDoubtful(index: number): boolean
}

/**
 * Finds the owners of calls by time, if the app forwards no id at all: those of the only request in flight. Not so if it
 * makes calls while none is: those are its own, and so may any be.
 * @param others - calls with no id of the load's
 * @param late - calls with the id of a request that was over, or not yet sent: nobody's
 * @param forwards - whether any call carries an id of the load's; then those without one are not guessed at
 */
export function ownUnnamed(others: readonly SeenCall[], late: readonly SeenCall[], forwards: boolean, requests: InFlight): Unnamed {
  const inOrder = others.toSorted((a, b) => a.egress.start - b.egress.start)
  const owners = (forwards ? undefined : ownersByTime(inOrder, requests)) ?? []
  const owned = new Map<number, SeenCall[]>()
  const foreign = [...late]
  for (const [i, call] of inOrder.entries()) {
    const owner = owners[i]
    if (owner === undefined) foreign.push(call)
    else owned.set(owner, [...(owned.get(owner) ?? []), call])
  }
  const claimed = new Set(late.map(({ id }) => requestIndex(id as string)))
  const starts = Float64Array.from(foreign, ({ egress }) => egress.start).sort()
  return {
    owned,
    foreign,
    isDoubtful: (index) =>
      claimed.has(index) || hasBetween(starts, requests.sent(index) - CLOCK_SLACK_MS, requests.end(index) + CLOCK_SLACK_MS),
  }
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
