import type { Plan, PlannedFault } from '../plan/plan.ts'
import type { RequestRecord } from './record.ts'
import type { PhaseTimes } from './timeline.ts'

/** One occasion on which a fault could fire: an attempt at a hop, or a request before the router. */
export interface Chance {
  record: RequestRecord
  /** Counted from 1; null before the router. */
  replica: number | null
  /** Faults that left their mark, by the log of the listener that makes them. */
  marks: readonly string[]
  /** Ms until the next station saw it, by that station's own log, or until its end; without the wait for a connection. */
  lagMs: number
  /** The next station (the stub, or the router) saw it. */
  passed: boolean
  /** It ended without an answer: a timeout cut it, or its caller left. */
  cut: boolean
  status: number
}

/** Faults whose filters stand in one chain: at one cluster's hops, or all together before the router. */
export const samePlace = (a: Place, b: Place) => a.at === b.at && (a.at === 'ingress' || a.cluster === b.cluster)

type Place = Pick<PlannedFault, 'cluster' | 'at'>

/**
 * The chances at one place while the faults of a phase were in force: those of its own requests, which are only sent
 * when the faults are confirmed (`load/gate.ts`), until the switch to the next phase began.
 * @param phase - index into `Plan.phases`
 */
export function chancesAt(place: Place, phase: number, records: readonly RequestRecord[], times: PhaseTimes): Chance[] {
  const inForce = (start: number) => start <= times.to
  return records.flatMap((record) => {
    const { egress } = record
    if (!egress || record.phase !== phase || record.stray) return []
    if (place.at === 'ingress') {
      if (!inForce(egress.start)) return []
      const first = record.attempts[0]
      const passed = first !== undefined || egress.rejectedBy !== null
      const lagMs = first ? first.start - egress.start : egress.durationMs
      return [{ record, replica: null, marks: record.ingressFaults, lagMs, passed, cut: egress.status === 0, status: egress.status }]
    }
    if (egress.cluster !== place.cluster) return []
    return record.attempts.flatMap((attempt) => {
      if (!attempt.hop || !inForce(attempt.hop.start)) return []
      const lagMs = (attempt.stub ? attempt.stub.arrived - attempt.start : attempt.durationMs) - attempt.poolMs
      return [
        {
          record,
          replica: attempt.replica,
          marks: attempt.hop.faults,
          lagMs,
          passed: attempt.stub !== null,
          cut: attempt.status === 0,
          status: attempt.status,
        },
      ]
    })
  })
}

/** Whether a fault had this chance: the right replica, a request that carries its headers, and no earlier fault in the way. */
export function isChanceOf(fault: PlannedFault, chance: Chance, earlier: readonly PlannedFault[], plan: Plan): boolean {
  if (chance.record.egress?.cluster !== fault.cluster) return false
  if (chance.replica !== null && !fault.replicas.includes(chance.replica)) return false
  if (!carries(plan.requests[chance.record.request]?.headers ?? {}, fault.headers)) return false
  if (chance.marks.includes(fault.id)) return true
  // Filters act in order: after an abort, or a delay that was cut short, the later ones are never asked.
  return !earlier.some((other) => chance.marks.includes(other.id) && (other.action.kind === 'abort' || (chance.cut && !chance.passed)))
}

/** Header names are compared without regard to case, values exactly, as Envoy does. */
export function carries(sent: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  const values = new Map(Object.entries(sent).map(([name, value]) => [name.toLowerCase(), value]))
  return Object.entries(wanted).every(([name, value]) => values.get(name.toLowerCase()) === value)
}
