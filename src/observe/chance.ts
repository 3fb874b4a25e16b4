import { isOneOf } from '../fault/attempts.ts'
import type { Seen } from '../fault/kind.ts'
import { effectOf, isRouted, makingOf } from '../fault/registry.ts'
import { fulfils, hadOf, isLogged } from '../fault/when.ts'
import { requestIndex } from '../load/client-log.ts'
import type { Plan, PlannedFault } from '../plan/plan.ts'
import type { Call, RequestRecord } from './record.ts'
import type { Records } from './records.ts'
import type { PhaseTimes } from './timeline.ts'

/** One occasion on which a fault could fire: an attempt at a hop, or a request before the router. */
export interface Chance extends Omit<Seen, 'bodyBytes'> {
  /** Where the call was routed to. */
  cluster: string | null
  /** When it came to the place, in ms after the start of the load. */
  at: number
  /** The place in the load of the request it was made for; null where nobody can say. */
  index: number | null
  /** Index into `Plan.requests` of that request. */
  request: number | null
  /** See `Call.suits`. */
  suits: readonly string[] | undefined
  /** Counted from 1; null before the router. */
  replica: number | null
  /** Which try of its request, from 1; null before the router. */
  attempt: number | null
  /** Faults that left their mark, by the log of the listener that makes them. */
  marks: readonly string[]
  /** It was held until its phase was over, where the faults behind what held it are asleep. */
  atEdge: boolean
  /** The fault that the stub made of it, by the stub's own journal. */
  atStub: string | null
}

/** Envoy's flags of an answer that the upstream broke off: too short for its length, or with its connection. */
const BROKEN_OFF = ['UPE', 'UC', 'UR']

/** Faults that stand in one chain: at one cluster's hops, or all together before the router. */
export const samePlace = (a: Place, b: Place) => a.at === b.at && (a.at === 'ingress' || a.cluster === b.cluster)

type Place = Pick<PlannedFault, 'cluster' | 'at'>

/** Everything that came to Envoy, and for whom. */
export interface Traffic {
  records: Records
  /** Calls of which nobody can say for whom. */
  foreign: readonly Call[]
}

/** Every call that came to Envoy. */
export function* callsOf({ records, foreign }: Traffic): Generator<Call> {
  for (const { calls } of records) yield* calls
  yield* foreign
}

/**
 * The chances at one place while the faults of a phase were in force: those of its own requests, which are only sent
 * when the faults are confirmed (`load/gate.ts`), until the switch to the next phase began.
 * @param phase - index into `Plan.phases`
 */
export function* chancesAt(place: Place, phase: number, { records, foreign }: Traffic, times: PhaseTimes): Generator<Chance> {
  for (const record of records) {
    if (record.phase !== phase || record.stray) continue
    for (const call of record.calls) yield* chancesOf(place, call, record, times)
  }
  for (const call of foreign) if (call.egress.start >= times.applied) yield* chancesOf(place, call, null, times)
}

function chancesOf(
  place: Place,
  { egress, attempts, ingressFaults, suits }: Call,
  record: RequestRecord | null,
  times: PhaseTimes,
): Chance[] {
  const request = record?.request ?? null
  const index = record === null ? null : requestIndex(record.id)
  const inForce = (start: number) => start <= times.to
  const { cluster } = egress
  if (place.at === 'ingress') {
    if (!inForce(egress.start)) return []
    const first = attempts[0]
    const passed = first !== undefined || egress.rejectedBy !== null
    const lagMs = first ? first.start - egress.start : egress.durationMs
    return [
      {
        cluster,
        at: egress.start,
        index,
        request,
        suits,
        replica: null,
        attempt: null,
        marks: ingressFaults,
        lagMs,
        passed,
        cut: egress.status === 0 || egress.cutBy !== null,
        brokeOff: false,
        tookMs: egress.durationMs,
        bodyMs: null,
        heldMs: null,
        workMs: null,
        status: egress.status,
        grpc: egress.grpc ?? null,
        atEdge: egress.start + lagMs > times.to,
        atStub: null,
      },
    ]
  }
  if (cluster !== place.cluster) return []
  return attempts.flatMap((attempt) => {
    if (!attempt.hop || !inForce(attempt.hop.start)) return []
    const { stub } = attempt
    const passedAt = stub?.arrived ?? attempt.sentOn ?? null
    const lagMs = (passedAt === null ? attempt.durationMs : passedAt - attempt.start) - attempt.poolMs
    return [
      {
        cluster,
        at: attempt.hop.start,
        index,
        request,
        suits,
        replica: attempt.replica,
        attempt: attempt.n,
        marks: attempt.hop.faults,
        lagMs,
        passed: passedAt !== null,
        // A body may be cut off after its headers.
        cut: attempt.status === 0 || attempt.cutBy !== null || attempt.hop.flags.includes('DC'),
        brokeOff: attempt.status !== 0 && attempt.flags.some((flag) => BROKEN_OFF.includes(flag)),
        tookMs: attempt.durationMs - attempt.poolMs,
        bodyMs: stub === null || stub.answered === null ? null : attempt.start + attempt.durationMs - stub.answered,
        heldMs: stub?.held ?? null,
        workMs: stub === null ? null : stub.due - stub.started,
        status: attempt.status,
        grpc: attempt.grpc ?? null,
        atEdge: attempt.hop.start + lagMs > times.to,
        atStub: stub?.fault ?? null,
      },
    ]
  })
}

/**
 * Of the faults at one place, those that are in the way of this one: filters before what is behind them, one route before
 * another, and else in the order of the scenario.
 */
export function actingBefore(fault: PlannedFault, rivals: readonly PlannedFault[]): PlannedFault[] {
  const isFilter = ({ action }: PlannedFault) => makingOf(action).by === 'filter'
  const isListed = (other: PlannedFault) => rivals.indexOf(other) < rivals.indexOf(fault)
  return rivals.filter((other) => {
    if (isRouted(fault.action) && isRouted(other.action)) return isListed(other)
    return isFilter(other) && (!isFilter(fault) || isListed(other))
  })
}

/**
 * Whether a fault had this chance: the right replica, a request and a try that it is for, and no other fault in the way.
 * @param before - those that act before it
 */
export function isChanceOf(fault: PlannedFault, chance: Chance, before: readonly PlannedFault[], plan: Plan): boolean {
  if (chance.cluster !== fault.cluster) return false
  if (chance.replica !== null && !fault.replicas.includes(chance.replica)) return false
  if (chance.marks.includes(fault.id)) return true
  if (chance.attempt !== null && !isOneOf(fault.attempts, chance.attempt)) return false
  if (!isMeant(fault, chance, plan)) return false
  const met = before.filter((other) => chance.marks.includes(other.id))
  // A request takes one route. Filters act in order: after an abort, or a delay that was cut short, the later ones are never asked.
  return !met.some(({ action }) => isRouted(action) || effectOf(action).does === 'answer' || (chance.cut && !chance.passed))
}

/** Whether what came to Envoy is what the fault is for; what no log may hold, by what the load sent. */
export function isMeant(fault: PlannedFault, { suits, request }: Pick<Chance, 'suits' | 'request'>, plan: Plan): boolean {
  const sent = plan.requests[request ?? -1]
  const had = sent === undefined ? {} : hadOf(sent)
  // What is chosen is chosen by what the load sends, whatever an app makes of it.
  if (suits === undefined || fault.chosen !== null) return fulfils(had, fault.when)
  return (
    suits.includes(fault.id) &&
    fulfils(
      had,
      fault.when.filter((test) => !isLogged(test)),
    )
  )
}
