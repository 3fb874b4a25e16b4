import { gained } from '../envoy/stats.ts'
import { describeAction, makingOf } from '../fault/registry.ts'
import type { PlannedFault } from '../plan/plan.ts'
import { formatMs } from '../units.ts'
import { plural } from '../value/show.ts'
import { callsOf, type Traffic } from './chance.ts'
import { type Closed, isWithin } from './doors.ts'
import type { FaultEvidence } from './observations.ts'
import type { Attempt } from './record.ts'
import type { PhaseTimes } from './timeline.ts'

/** So many may fail between the last look at a counter and the end of the phase. */
const EDGE = 3

/** A timer of the stub program, and the port that is had again, on a machine that is not starved. */
const LATE_MS = 50

/** What was seen at the replicas of a fault while their doors were closed. */
interface Tally {
  /** Attempts that were made then, or cut as it began. */
  matched: number
  met: number
  /** Of those: whose connection failed within the phase, which its counter has then; and that were in flight. */
  unconnected: number
  cut: number
  /** Attempts of which the replica's hop and stub know nothing, or not before the door was open, or that the hop lost with its caller. */
  unheard: number
}

/**
 * How often a fault that closes doors was met, by the log of the egress side; against what the hops and stubs heard then,
 * Envoy's counter of connections that failed, and what the doors say that they cut.
 * @param closed - all times in which doors were closed
 * @param differ - whether two counts differ by more than the edges of a phase explain
 */
export function weighDoor(
  fault: PlannedFault,
  traffic: Traffic,
  times: PhaseTimes,
  closed: readonly Closed[],
  differ: (a: number, b: number) => boolean,
): FaultEvidence {
  const own = closed.filter((door) => door.fault === fault.id)
  const tally = tallyOf(fault, traffic, times, own)
  const counter = `cluster.${fault.cluster}.${counterOf(fault)}`
  const counted = gained(times.before, times.after, counter)
  return {
    id: fault.id,
    phase: fault.phase,
    matched: tally.matched,
    met: tally.met,
    counted,
    inferred: tally.unheard,
    doubt: notInForce(fault, own, times) ?? doubtOf(fault, own, tally, { counter, counted, differ }),
  }
}

function tallyOf(fault: PlannedFault, traffic: Traffic, times: PhaseTimes, own: readonly Closed[]): Tally {
  const tally = { matched: 0, met: 0, unconnected: 0, cut: 0, unheard: 0 }
  for (const { egress, attempts } of callsOf(traffic)) {
    if (egress.cluster !== fault.cluster) continue
    for (const attempt of attempts) {
      const isMet = attempt.door === fault.id
      const door = own.find(({ replica }) => replica === attempt.replica)
      if (door === undefined && !isMet) continue
      const isCut = isMet && attempt.flags.includes('UC')
      // What fails at its edge has met it; whether what passes there should have, nobody can say.
      if (!isMet && (door === undefined || !isWithin(attempt, door, times.to))) continue
      tally.matched++
      if (isMet) tally.met++
      if (isCut) tally.cut++
      else if (isMet && attempt.flags.includes('UF') && attempt.start + attempt.durationMs < times.to) tally.unconnected++
      if (isUnheard(attempt, door)) tally.unheard++
    }
  }
  return tally
}

/** The hop has no line for it, or one of a time when its door was open again, or says that its caller was gone. */
const isUnheard = ({ start, hop, stub }: Attempt, door: Closed | undefined) =>
  hop === null
    ? stub === null
    : hop.flags.includes('DC') || (door !== undefined && !isWithin({ start, hop }, door, Number.POSITIVE_INFINITY))

function counterOf({ action }: PlannedFault): 'upstream_cx_connect_timeout' | 'upstream_cx_connect_fail' {
  const making = makingOf(action)
  return making.by === 'door' && making.behaviour.kind === 'unreachable' ? 'upstream_cx_connect_timeout' : 'upstream_cx_connect_fail'
}

/** Not at all of its replicas, or not for as long as was asked. */
function notInForce({ action, cluster, replicas }: PlannedFault, own: readonly Closed[], times: PhaseTimes): string | null {
  const what = `the fault ${describeAction(action)} on ${cluster}`
  const spared = replicas.filter((number) => !own.some(({ replica }) => replica === number))
  if (own.length === 0 || spared.length > 0) {
    const where = own.length === 0 ? '' : ` at ${spared.map((number) => `${cluster}/${number}`).join(', ')}`
    return `${what} never fired${where}: its phase was over before`
  }
  const making = makingOf(action)
  const asked = making.by === 'door' && making.behaviour.kind === 'down' ? making.behaviour.forMs : null
  if (asked === null) return null
  const shortest = Math.min(...own.map(({ from, to }) => Math.min(to, times.to) - from))
  return shortest < asked - LATE_MS ? `${what} was in force for ${formatMs(shortest)} only: its phase was over then` : null
}

function doubtOf(
  fault: PlannedFault,
  own: readonly Closed[],
  { matched, met, unconnected, cut, unheard }: Tally,
  { counter, counted, differ }: { counter: string; counted: number; differ(a: number, b: number): boolean },
): string | null {
  const what = `${describeAction(fault.action)} on ${fault.cluster}`
  if (matched === 0) return `the fault ${what} never fired: no attempt was made at ${placesOf(fault, own)} while it was in force`
  if (met === 0) return `the fault ${what} never fired: ${plural(matched, 'attempt')} came to ${placesOf(fault, own)}, none met it`
  if (differ(met, matched)) return `the fault ${what} missed its share: only ${met} of ${plural(matched, 'attempt')} met it, and all should`
  if (differ(unheard, met)) return `the sources disagree on ${what}: Envoy's log of attempts has ${met}, the hop never heard of ${unheard}`
  // One connection may have been for several attempts, and an attempt for several connections.
  if (unconnected > EDGE && counted === 0)
    return `the sources disagree on ${what}: Envoy's counter ${counter} gained ${counted}, its log of attempts has ${unconnected}`
  const cutByDoors = own.reduce((sum, door) => sum + door.cut, 0)
  if (differ(cutByDoors, cut))
    return `the sources disagree on ${what}: the door reset ${plural(cutByDoors, 'connection')} with a request in flight, Envoy's log has ${cut}`
  return null
}

const placesOf = ({ cluster }: PlannedFault, own: readonly Closed[]) => own.map(({ replica }) => `${cluster}/${replica}`).join(', ')
