import type { DoorFault } from '../fault/door-fault.ts'
import { makingOf } from '../fault/registry.ts'
import type { Plan } from '../plan/plan.ts'
import type { Attempt } from './record.ts'
import { CLOCK_SLACK_MS, type PhaseTimes } from './timeline.ts'

/** A time in which the door of a replica was closed by a fault, by its own word; in ms after the start of the load. */
export interface Closed {
  /** The id of the fault. */
  fault: string
  kind: DoorFault['kind']
  cluster: string
  replica: number
  from: number
  to: number
  /** Up to when a connection that was begun then may hang: Envoy lets whoever comes meanwhile wait for that, and fail with it. */
  until: number
  /** How many connections it reset with a request in flight. */
  cut: number
}

/** Envoy's log has whole milliseconds, and another clock than the stubs. */
const SLACK_MS = CLOCK_SLACK_MS + 1

/** @param startedAt - epoch ms of the start of the load */
export function closedDoors(plan: Pick<Plan, 'faults' | 'policy'>, phases: readonly PhaseTimes[], startedAt: number): Closed[] {
  return phases.flatMap(({ doors = [] }, phase) => {
    // One that is still closed at the end of its phase is opened by the switch to the next.
    const opened = phases[phase + 1]?.applied ?? Number.POSITIVE_INFINITY
    return doors.flatMap(({ fault: id, replica, from, to, cut }) => {
      const fault = plan.faults.find((planned) => planned.id === id)
      const making = fault && makingOf(fault.action)
      if (fault === undefined || making?.by !== 'door') return []
      const times = { from: from - startedAt, to: to === null ? opened : to - startedAt }
      const hangs = making.behaviour.kind === 'unreachable' ? (plan.policy.connectTimeouts[fault.cluster] ?? 0) : 0
      return [{ fault: id, kind: making.behaviour.kind, cluster: fault.cluster, replica, ...times, until: times.to + hangs, cut }]
    })
  })
}

type Seen = Pick<Attempt, 'start' | 'durationMs' | 'status' | 'flags' | 'replica' | 'hop'> & {
  cluster: string | null
  failure: string | null
}

/**
 * The fault that ended an attempt by closing its door: one whose connection did not come about while the door was closed, in
 * the way in which it was, or that was in flight when its replica died. Null for any other.
 */
export function metAtDoor(attempt: Seen, closed: readonly Closed[]): string | null {
  const end = attempt.start + attempt.durationMs
  const met = closed.find(
    (door) =>
      door.cluster === attempt.cluster &&
      (door.replica === attempt.replica || isWaiting(attempt, door)) &&
      end >= door.from - SLACK_MS &&
      attempt.start <= door.until + SLACK_MS &&
      (isUnconnected(attempt, door) || hasWaited(attempt, door) || isCut(attempt, door)),
  )
  return met?.fault ?? null
}

/** A refused connection gives its reason; one that ran into connect_timeout, or that was still waited for at the end, gives none. */
const isUnconnected = (attempt: Seen, { kind }: Closed) =>
  attempt.hop === null &&
  (kind === 'unreachable' ? attempt.status === 0 && attempt.failure === null : attempt.flags.includes('UF') && attempt.failure !== null)

/** Its connection came about when the door was open again, and not before. */
const hasWaited = ({ start, hop }: Seen, { kind, to }: Closed) =>
  kind === 'unreachable' && hop !== null && start < to - SLACK_MS && hop.start >= to - SLACK_MS

/** Ended while it waited for a connection, by a limit of the whole or its caller: then Envoy does not say for which replica. */
const isWaiting = ({ replica, hop, status, flags }: Seen, { kind }: Closed) =>
  kind === 'unreachable' && replica === null && hop === null && status === 0 && !flags.some((flag) => NO_WAIT.includes(flag))

/** No host, or refused by a breaker. */
const NO_WAIT = ['UH', 'UO']

/** Nothing else ends a connection at the instant at which all of them end. */
const isCut = ({ start, flags }: Seen, { kind, from }: Closed) => kind === 'down' && flags.includes('UC') && start <= from + SLACK_MS

/** Whether an attempt was made when a door was surely closed: it began then, and did not get through after it. */
export const isWithin = ({ start, hop }: Pick<Attempt, 'start' | 'hop'>, { from, to }: Closed, phaseEnd: number): boolean =>
  start > from + SLACK_MS && start < Math.min(to, phaseEnd) - SLACK_MS && (hop === null || hop.start < to - SLACK_MS)
