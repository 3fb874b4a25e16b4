import { routeCounter } from '../envoy/fault-route.ts'
import { hopName } from '../envoy/listener.ts'
import { gained } from '../envoy/stats.ts'
import { FILTER_COUNTERS, type FilterPart } from '../fault/kind.ts'
import { describeAction, effectOf, isAtDoor, isRouted, isTied, makingOf, missedBy, showsAction, takesTime } from '../fault/registry.ts'
import { shortBy } from '../fault/tolerance.ts'
import { describeTest, fulfils, hadOf, isPseudo } from '../fault/when.ts'
import { requestId, requestIndex } from '../load/client-log.ts'
import { nounOf } from '../plan/noun.ts'
import { type Chosen, clustersIn, isStraight, type Plan, type PlannedFault } from '../plan/plan.ts'
import { compatibleCounts, compatibleShare } from '../statistics/compatible.ts'
import { formatMs, formatPercent } from '../units.ts'
import { listed, plural } from '../value/show.ts'
import { actingBefore, type Chance, callsOf, chancesAt, isChanceOf, samePlace, type Traffic } from './chance.ts'
import { weighDoor } from './door-evidence.ts'
import type { Closed } from './doors.ts'
import type { FaultEvidence } from './observations.ts'
import { RampTally } from './ramp.ts'
import type { PhaseTimes } from './timeline.ts'

/** Requests at the edges of a phase fall on either side of a counter's reading. */
const EDGE_SLACK = 3
const EDGE_SLACK_SHARE = 0.02

/**
 * How often each fault of the phases that were played really happened, and whether sources that do not know of each other agree.
 * @param closed - when which doors were closed
 */
export function weighFaults(plan: Plan, traffic: Traffic, phases: readonly PhaseTimes[], closed: readonly Closed[] = []): FaultEvidence[] {
  const marks = plan.faults.length === 0 ? new Map<string, Marks>() : marksIn(traffic, plan)
  return plan.faults.flatMap((fault) => {
    const times = phases[fault.phase]
    if (times === undefined) return []
    return [
      isAtDoor(fault.action)
        ? weighDoor(atItsDoors(fault, plan), traffic, times, closed, differ)
        : weigh(fault, plan, traffic, marks, times),
    ]
  })
}

/** A replica that gets no connection in the whole run has no door, and nothing to lose. */
const atItsDoors = (fault: PlannedFault, { stubs }: Plan): PlannedFault => ({
  ...fault,
  replicas: stubs.servers
    .filter(({ cluster, door }) => cluster === fault.cluster && Object.hasOwn(door?.faults ?? {}, fault.id))
    .map(({ replica }) => replica),
})

function weigh(fault: PlannedFault, plan: Plan, traffic: Traffic, marks: ReadonlyMap<string, Marks>, times: PhaseTimes): FaultEvidence {
  const rivals = plan.faults.filter((other) => other.phase === fault.phase && samePlace(other, fault))
  const before = actingBefore(fault, rivals)
  // Filters that do the same at one place share the counter, and what the next station sees of them; a route has its own.
  const parts = partsOf(fault)
  const kin = parts.length === 0 ? [fault] : rivals.filter((other) => partsOf(other).some((part) => parts.includes(part)))
  const bodyBytes = bodyBytesOf(plan, fault.cluster)
  const lags = kin.length === 1 && filterHoldsMs(fault) !== null ? { delayed: [] as number[], others: [] as number[] } : null
  const endsHere = effectOf(fault.action).does === 'answer'
  const seen = { matched: 0, met: 0, marked: 0, inferred: 0 }
  const ramp = fault.ramp === undefined ? null : new RampTally(fault.id, times)
  const choice = {
    met: new Set<number>(),
    spared: [] as number[],
    others: 0,
    nameless: 0,
    forestalled: new Map<number, string>(),
    isStray: (index: number) => traffic.records.find(({ id }) => requestIndex(id) === index)?.stray === true,
  }
  const missed = new Map<string, number>()
  let chances = 0
  for (const chance of chancesAt(fault, fault.phase, traffic, times)) {
    if (chance.cluster === fault.cluster) chances++
    if (chance.cluster === fault.cluster && chance.index === null) choice.nameless++
    if (isChanceOf(fault, chance, before, plan)) {
      seen.matched++
      const isMet = chance.marks.includes(fault.id)
      if (isMet) seen.met++
      const why = isMet ? missedBy(fault.action, { ...chance, bodyBytes }) : undefined
      if (why !== undefined) missed.set(why, (missed.get(why) ?? 0) + 1)
      // A filter before it may hold the request first.
      const isHeld = !isRouted(fault.action) && chance.marks.some((id) => id !== fault.id && before.some((other) => other.id === id))
      ramp?.add(chance.at, chance.at + (isHeld ? chance.lagMs : 0), isMet)
      const isChosen = chance.index !== null && fault.chosen?.requests.has(chance.index) === true
      if (isChosen && isMet) choice.met.add(chance.index as number)
      if (isChosen && !isMet && !chance.atEdge) choice.spared.push(chance.index as number)
      if (!isChosen && isMet) choice.others++
    } else if (chance.index !== null) {
      const other = before.find(({ id }) => chance.marks.includes(id))
      if (other !== undefined) choice.forestalled.set(chance.index, describeAction(other.action))
    }
    if (kin.some((other) => chance.marks.includes(other.id))) seen.marked++
    if (kin.some((other) => shows(other, chance, bodyBytes))) seen.inferred++
    if (lags && (chance.passed || (endsHere && !chance.cut))) {
      if (chance.marks.includes(fault.id)) lags.delayed.push(chance.lagMs)
      else if (chance.marks.length === 0) lags.others.push(chance.lagMs)
    }
  }
  const counts = parts.length === 0 ? [countOfRoute(fault, marks, times)] : parts.map((part) => countOf(part, kin, plan, marks, times))
  const group = {
    counts,
    took: lags && delayTaken(lags),
    // A stalled machine can look like what takes time.
    leniently: kin.some(({ action }) => takesTime(action)),
  }
  return {
    id: fault.id,
    phase: fault.phase,
    matched: seen.matched,
    met: seen.met,
    ...(fault.chosen === null ? {} : { metRequests: choice.met.size }),
    ...(ramp === null ? {} : { ramp: ramp.share() }),
    counted: counts[0]?.counted ?? 0,
    inferred: seen.inferred,
    doubt:
      lost(fault, plan, traffic, { ...seen, chances }) ?? unhurt(fault, missed) ?? doubt(fault, plan, { ...seen, ...group, choice, ramp }),
  }
}

/** A fault that met what it cannot hurt proves nothing, be it a single one. */
function unhurt(fault: PlannedFault, missed: ReadonlyMap<string, number>): string | null {
  const [first] = missed
  if (first === undefined) return null
  const [why, count] = first
  const unit = fault.at === 'ingress' ? 'request' : 'attempt'
  return `the fault ${describeAction(fault.action)} on ${fault.cluster} met ${plural(count, unit)} ${why}`
}

/** What the logs have of a fault, at the edges of its phase too: wherever a request was when it came into force, the counters do not look either. */
interface Marks {
  /** How often it left its mark. */
  met: number
  /** Where and when those that it had held were aborted: at which replica, in ms after the start of the load. */
  aborts: { replica: number | null; at: number }[]
}

function marksIn(traffic: Traffic, plan: Plan): Map<string, Marks> {
  const marks = new Map(plan.faults.map(({ id }): [string, Marks] => [id, { met: 0, aborts: [] }]))
  const tied = new Set(plan.faults.filter(({ action }) => isTied(action)).map(({ id }) => id))
  for (const { ingressFaults, attempts } of callsOf(traffic)) {
    for (const id of ingressFaults) count(marks.get(id))
    for (const { hop, replica, start, durationMs } of attempts)
      for (const id of hop?.faults ?? []) {
        count(marks.get(id))
        if (tied.has(id) && hop?.flags.includes('FI')) marks.get(id)?.aborts.push({ replica, at: start + durationMs })
      }
  }
  return marks
}

const count = (marks: Marks | undefined) => {
  if (marks !== undefined) marks.met++
}

/** A delay comes out some ms long, and more on a busy machine (test/integration/faults.test.ts). */
const longBy = (ms: number) => Math.max(20, ms * 0.1)

/** How much later than the others the delayed ones came to the next station: medians, so that one stall says nothing. Null where too few came. */
function delayTaken({ delayed, others }: { delayed: number[]; others: number[] }): number | null {
  return delayed.length < 5 ? null : median(delayed) - (others.length < 5 ? 0 : median(others))
}

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] as number

/** Whether the other side of a fault's place saw what this fault would do. */
function shows({ id, action }: PlannedFault, chance: Chance, bodyBytes: number): boolean {
  return (makingOf(action).by !== 'stub' || chance.atStub === id) && showsAction(action, { ...chance, bodyBytes })
}

/** Of the answers of a stub; 0 where there is none. */
function bodyBytesOf({ stubs }: Plan, cluster: string): number {
  return Buffer.byteLength(stubs.servers.find((server) => server.cluster === cluster)?.respond.body ?? '')
}

/** How long a filter holds what meets the fault, in ms; null where that is not what it does. */
function filterHoldsMs({ action }: PlannedFault): number | null {
  const effect = effectOf(action)
  if (makingOf(action).by !== 'filter') return null
  if (effect.does === 'answer') return effect.afterMs === 0 ? null : effect.afterMs
  return effect.does === 'hold' && effect.time.kind === 'fixed' ? effect.time.ms : null
}

/** What Envoy's filter does of it; nothing where a route alone stands for it. */
function partsOf({ action }: PlannedFault): FilterPart[] {
  const making = makingOf(action)
  return making.by === 'filter' ? (Object.keys(making.does) as FilterPart[]) : []
}

/** What Envoy counted, and how often its log says the same. */
interface Count {
  counted: number
  logged: number
}

const gainedBy = (counters: readonly string[], { before, after }: PhaseTimes) =>
  counters.reduce((sum, name) => sum + gained(before, after, name), 0)

function countOfRoute(fault: PlannedFault, marks: ReadonlyMap<string, Marks>, times: PhaseTimes): Count {
  const counters = fault.replicas.map((replica) => routeCounter(hopName(fault.cluster, replica), fault))
  return { counted: gainedBy(counters, times), logged: marks.get(fault.id)?.met ?? 0 }
}

/** @param kin - the filters of a phase at one place of which some share the counter of this part */
function countOf(part: FilterPart, kin: readonly PlannedFault[], plan: Plan, marks: ReadonlyMap<string, Marks>, times: PhaseTimes): Count {
  const sharing = kin.filter((fault) => partsOf(fault).includes(part)) as [PlannedFault, ...PlannedFault[]]
  const [first] = sharing
  const replicas = new Set(sharing.flatMap((fault) => fault.replicas))
  const listeners =
    first.at === 'upstream'
      ? [...replicas].map((replica) => hopName(first.cluster, replica))
      : ['shared', ...clustersIn(plan).map((cluster) => `egress_${cluster}`)]
  const counters = listeners.map((name) => `http.${name}.fault.${FILTER_COUNTERS[part]}`)
  const isLate = (fault: PlannedFault) => part === 'abort' && isTied(fault.action)
  // Of those that are held first, some are cut before their abort, and of some it comes in the next phase.
  const late = plan.faults
    .filter((fault) => isLate(fault) && samePlace(fault, first))
    .flatMap(({ id }) => marks.get(id)?.aborts ?? [])
    .filter(({ replica, at }) => replica !== null && replicas.has(replica) && at > times.from && at <= times.to)
  const others = sharing.filter((fault) => !isLate(fault))
  return {
    counted: gainedBy(counters, times),
    logged: others.reduce((sum, { id }) => sum + (marks.get(id)?.met ?? 0), late.length),
  }
}

const askedBy = ({ when, attempts }: Pick<PlannedFault, 'when' | 'attempts'>) =>
  listed([...when.map((test) => describeTest(test)), ...(attempts === null ? [] : [`attempt: ${attempts.source}`])], 'and')

/** Where that was lost which a fault waits for: an app need not hand a header on. Null where that is not what happened. */
function lost(
  fault: PlannedFault,
  plan: Plan,
  { records }: Traffic,
  { matched, met, chances }: { matched: number; met: number; chances: number },
): string | null {
  if (isStraight(plan) || chances === 0) return null
  if (fault.chosen !== null) return met === 0 ? lostMarks(fault, fault.chosen, plan, chances) : null
  if (matched > 0 || fault.when.length === 0) return null
  const never = `the fault ${describeAction(fault.action)} on ${fault.cluster} never fired`
  const came = (what: string) =>
    `none of the ${plural(chances, fault.at === 'ingress' ? 'call' : 'attempt')} that came to Envoy for ${fault.cluster} had ${what}`
  // The path and the method of a call are the app's own, and what must not be there cannot be handed on.
  const headers = fault.when.filter((test) => !isPseudo(test) && test.op !== 'absent')
  if (headers.length === 0) return `${never}: ${came(askedBy(fault))}`
  const wanted = askedBy({ when: headers, attempts: null })
  const it = headers.length === fault.when.length && fault.attempts === null ? 'it' : askedBy(fault)
  if (nounOf(plan) === 'run') return `${never}: ${came(it)}; let the app send ${wanted}`
  const isSent = plan.requests.map((request) => fulfils(hadOf(request), headers))
  const sent = records.reduce((count, { phase, request }) => count + Number(phase === fault.phase && isSent[request] === true), 0)
  if (sent === 0) return `${never}: no request of the load has ${wanted}, and ${came(it)}`
  const names = headers.map(({ name }) => name)
  return `${never}: the load sent ${wanted} with ${plural(sent, 'request')}, but ${came(it)}; let the app hand on ${listed(names, 'and')}`
}

/** The headers one of which tells of a call for which request it was made, and whether that was chosen. */
function idHeaders(plan: Plan): string {
  const names = [...(plan.app?.idHeader === undefined ? [] : [plan.app.idHeader]), 'x-request-id', 'traceparent']
  return `let the app ${nounOf(plan) === 'run' ? 'send' : 'hand on'} ${listed(names, 'or')}`
}

function lostMarks({ action, cluster, at }: PlannedFault, { source, requests }: Chosen, plan: Plan, chances: number): string {
  const came = `none of the ${plural(chances, at === 'ingress' ? 'call' : 'attempt')} that came to Envoy for ${cluster} had the id of one of them`
  const noun = nounOf(plan)
  return `the fault ${describeAction(action)} on ${cluster} never fired: ${plural(requests.size, noun)} ${requests.size === 1 ? 'was' : 'were'} chosen for it (${source}), but ${came}; ${idHeaders(plan)}`
}

function doubt(
  fault: PlannedFault,
  plan: Plan,
  seen: {
    matched: number
    met: number
    counts: readonly Count[]
    marked: number
    inferred: number
    took: number | null
    leniently: boolean
    ramp: RampTally | null
    choice: Choice
  },
): string | null {
  const what = `${describeAction(fault.action)} on ${fault.cluster}`
  const unit = fault.at === 'ingress' ? 'request' : 'attempt'
  const matched = plural(seen.matched, unit)
  if (seen.matched === 0) {
    const why =
      fault.when.length === 0 && fault.attempts === null
        ? `came to ${fault.cluster}`
        : `that came to ${fault.cluster} had ${askedBy(fault)}`
    return `the fault ${what} never fired: no ${unit} ${why} while it was in force`
  }
  if (seen.met === 0) return `the fault ${what} never fired: ${matched} came where it is made, none met it`
  if (fault.chosen !== null) {
    const other = notAsChosen(fault, fault.chosen, plan, seen.choice)
    if (other !== null) return `the fault ${what} did not meet the requests that were chosen for it (${fault.chosen.source}): ${other}`
  } else if (seen.ramp !== null) {
    const { expected, least, most } = seen.ramp.share()
    const met = `${seen.met} of ${matched} met it (${formatPercent(seen.met / seen.matched)}; ${least} to ${most} are accepted)`
    if (seen.met < least || seen.met > most)
      return `the fault ${what} missed its share: its ramp comes to ${formatPercent(expected)} of them, but ${met}`
    const half = seen.ramp.wrongHalf()
    if (half !== null) return `the fault ${what} did not follow its ramp: ${half}`
  } else if (!compatibleShare(seen.met, seen.matched, fault.percent / 100)) {
    const { least, most } = compatibleCounts(seen.matched, fault.percent / 100)
    const range = fault.percent === 100 ? '' : `; ${least} to ${most} are accepted`
    return `the fault ${what} missed its share: ${fault.percent} % asked, but ${seen.met} of ${matched} met it (${formatPercent(seen.met / seen.matched)}${range})`
  }
  const other = seen.counts.find(({ counted, logged }) => contradict(counted, logged))
  if (other !== undefined)
    return `the sources disagree on ${what}: Envoy's counter gained ${other.counted}, its access log has ${other.logged}`
  const asked = filterHoldsMs(fault)
  if (seen.took !== null && asked !== null && Math.abs(seen.took - asked) > shortBy(asked) + longBy(asked)) {
    return `the fault ${what} took ${formatMs(seen.took)} (median), by the clock of the next station`
  }
  const comparable = seen.leniently ? Math.min(seen.inferred, seen.marked) : seen.inferred
  return contradict(comparable, seen.marked)
    ? `the sources disagree on ${what}: Envoy's access log has ${seen.marked}, the other side of it shows ${seen.inferred}`
    : null
}

interface Choice {
  /** Those of the chosen requests that met it. */
  met: ReadonlySet<number>
  /** Of the chosen requests, whose chances went by. */
  spared: readonly number[]
  /** Chances of others that did not. */
  others: number
  /** What others met that stood before it, by the index of the request. */
  forestalled: ReadonlyMap<number, string>
  /** Whether a request came to the faults of another phase. */
  isStray(index: number): boolean
  /** Chances of which nobody can say whose they were. */
  nameless: number
}

/** What was chosen before the run is no matter of chance: any other number is a doubt. Null where all is as chosen. */
function notAsChosen(
  { at, cluster }: PlannedFault,
  { requests }: Chosen,
  plan: Plan,
  { met, spared, others, nameless, forestalled, isStray }: Choice,
): string | null {
  const unit = at === 'ingress' ? 'request' : 'attempt'
  const noun = nounOf(plan)
  const unnamed =
    nameless === 0 || isStraight(plan)
      ? ''
      : `${plural(nameless, unit)} at ${cluster} had the id of no ${noun} in flight; ${idHeaders(plan)}`
  const missing = [...requests].find((index) => !met.has(index))
  if (missing !== undefined) {
    const before = forestalled.get(missing)
    const why = spared.includes(missing)
      ? ''
      : before !== undefined
        ? `, which met ${before} before it`
        : isStray(missing)
          ? ', which came too late for the faults of its phase'
          : isStraight(plan)
            ? ''
            : `, for which none came to ${cluster} while it was in force`
    return `${met.size} of ${plural(requests.size, noun)} met it (not so ${requestId(missing)}${why})${unnamed === '' ? '' : `; ${unnamed}`}`
  }
  if (spared.length > 0) return `${plural(spared.length, unit)} of theirs did not meet it`
  if (others > 0) return `${plural(others, unit)} of other ${noun}s met it`
  return unnamed === '' ? null : `${unnamed} with each call: else nobody knows whether it was made for one of them`
}

/** By how much two sources may differ. */
export const slackOf = (a: number, b: number) => Math.max(EDGE_SLACK, Math.floor(EDGE_SLACK_SHARE * Math.max(a, b)))

const differ = (a: number, b: number) => Math.abs(a - b) > slackOf(a, b)

/** A source that saw none of what another one saw is no matter of edges, however few there were. */
const contradict = (a: number, b: number) => differ(a, b) || (a === 0) !== (b === 0)
