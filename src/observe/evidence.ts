import { routeCounter } from '../envoy/fault-route.ts'
import { hopName } from '../envoy/listener.ts'
import { gained } from '../envoy/stats.ts'
import { describeAction, effectOf, makingOf, showsAction, takesTime } from '../fault/registry.ts'
import { shortBy } from '../fault/tolerance.ts'
import { describeTest, fulfils, hadOf, isPseudo } from '../fault/when.ts'
import { requestId } from '../load/client-log.ts'
import { nounOf } from '../plan/noun.ts'
import { type Chosen, clustersIn, isStraight, type Plan, type PlannedFault } from '../plan/plan.ts'
import { compatibleCounts, compatibleShare } from '../statistics/compatible.ts'
import { formatMs, formatPercent } from '../units.ts'
import { listed, plural } from '../value/show.ts'
import { actingBefore, type Chance, callsOf, chancesAt, isChanceOf, samePlace, type Traffic } from './chance.ts'
import type { FaultEvidence } from './observations.ts'
import type { PhaseTimes } from './timeline.ts'

/** Requests at the edges of a phase fall on either side of a counter's reading. */
const EDGE_SLACK = 3
const EDGE_SLACK_SHARE = 0.02

/** How often each fault of the phases that were played really happened, and whether sources that do not know of each other agree. */
export function weighFaults(plan: Plan, traffic: Traffic, phases: readonly PhaseTimes[]): FaultEvidence[] {
  const marks = plan.faults.length === 0 ? new Map<string, number>() : marksIn(traffic)
  return plan.faults.flatMap((fault) => {
    const times = phases[fault.phase]
    return times ? [weigh(fault, plan, traffic, marks, times)] : []
  })
}

function weigh(fault: PlannedFault, plan: Plan, traffic: Traffic, marks: ReadonlyMap<string, number>, times: PhaseTimes): FaultEvidence {
  const rivals = plan.faults.filter((other) => other.phase === fault.phase && samePlace(other, fault))
  const before = actingBefore(fault, rivals)
  // Filters of one kind at one place share the counter, and what the next station sees of them; a route has its own.
  const kin = makingOf(fault.action).by === 'filter' ? rivals.filter((other) => other.action.kind === fault.action.kind) : [fault]
  const bodyBytes = bodyBytesOf(plan, fault.cluster)
  const lags = kin.length === 1 && filterHoldsMs(fault) !== null ? { delayed: [] as number[], others: [] as number[] } : null
  const seen = { matched: 0, met: 0, marked: 0, inferred: 0 }
  const choice = { met: new Set<number>(), spared: 0, others: 0 }
  let chances = 0
  for (const chance of chancesAt(fault, fault.phase, traffic, times)) {
    if (chance.cluster === fault.cluster) chances++
    if (isChanceOf(fault, chance, before, plan)) {
      seen.matched++
      const isMet = chance.marks.includes(fault.id)
      if (isMet) seen.met++
      const isChosen = chance.index !== null && fault.chosen?.requests.has(chance.index) === true
      if (isChosen && isMet) choice.met.add(chance.index as number)
      if (isChosen && !isMet && !chance.atEdge) choice.spared++
      if (!isChosen && isMet) choice.others++
    }
    if (kin.some((other) => chance.marks.includes(other.id))) seen.marked++
    if (kin.some((other) => shows(other, chance, bodyBytes))) seen.inferred++
    if (lags && chance.passed) {
      if (chance.marks.includes(fault.id)) lags.delayed.push(chance.lagMs)
      else if (chance.marks.length === 0) lags.others.push(chance.lagMs)
    }
  }
  const group = {
    counted: countedBy(kin, plan, times),
    // Wherever the request was when its fault came into force: the counter does not look either.
    marks: kin.reduce((sum, other) => sum + (marks.get(other.id) ?? 0), 0),
    took: lags && delayTaken(lags),
  }
  return {
    id: fault.id,
    phase: fault.phase,
    matched: seen.matched,
    met: seen.met,
    ...(fault.chosen === null ? {} : { metRequests: choice.met.size }),
    counted: group.counted,
    inferred: seen.inferred,
    doubt: (seen.matched === 0 ? lost(fault, plan, traffic, chances) : null) ?? doubt(fault, { ...seen, ...group, choice }),
  }
}

/** How often each fault left its mark in a log, at the edges of its phase too. */
function marksIn(traffic: Traffic): Map<string, number> {
  const marks = new Map<string, number>()
  const count = (ids: readonly string[]) => {
    for (const id of ids) marks.set(id, (marks.get(id) ?? 0) + 1)
  }
  for (const { ingressFaults, attempts } of callsOf(traffic)) {
    count(ingressFaults)
    for (const { hop } of attempts) if (hop) count(hop.faults)
  }
  return marks
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
  return makingOf(action).by === 'filter' && effect.does === 'hold' && effect.time.kind === 'fixed' ? effect.time.ms : null
}

function countedBy(kin: readonly PlannedFault[], plan: Plan, times: PhaseTimes): number {
  const [first] = kin as [PlannedFault]
  const making = makingOf(first.action)
  const sumOf = (counters: readonly string[]) => counters.reduce((sum, name) => sum + gained(times.before, times.after, name), 0)
  if (making.by !== 'filter') return sumOf(first.replicas.map((replica) => routeCounter(hopName(first.cluster, replica), first)))
  const clusters = clustersIn(plan)
  const listeners =
    first.at === 'upstream'
      ? new Set(kin.flatMap((fault) => fault.replicas.map((replica) => hopName(fault.cluster, replica))))
      : ['shared', ...clusters.map((cluster) => `egress_${cluster}`)]
  return sumOf([...listeners].map((name) => `http.${name}.fault.${making.counter}`))
}

const askedBy = ({ when, attempts }: Pick<PlannedFault, 'when' | 'attempts'>) =>
  listed([...when.map((test) => describeTest(test)), ...(attempts === null ? [] : [`attempt: ${attempts.source}`])], 'and')

/** Where that was lost which a fault waits for: an app need not hand a header on. Null where that is not what happened. */
function lost(fault: PlannedFault, plan: Plan, { records }: Traffic, chances: number): string | null {
  if (isStraight(plan) || fault.when.length === 0 || chances === 0) return null
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

function doubt(
  fault: PlannedFault,
  seen: {
    matched: number
    met: number
    counted: number
    marks: number
    marked: number
    inferred: number
    took: number | null
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
    const other = notAsChosen(fault.chosen, seen.choice, unit)
    if (other !== null) return `the fault ${what} did not meet the requests that were chosen for it (${fault.chosen.source}): ${other}`
  } else if (!compatibleShare(seen.met, seen.matched, fault.percent / 100)) {
    const { least, most } = compatibleCounts(seen.matched, fault.percent / 100)
    const range = fault.percent === 100 ? '' : `; ${least} to ${most} are accepted`
    return `the fault ${what} missed its share: ${fault.percent} % asked, but ${seen.met} of ${matched} met it (${formatPercent(seen.met / seen.matched)}${range})`
  }
  if (differ(seen.counted, seen.marks)) {
    return `the sources disagree on ${what}: Envoy's counter gained ${seen.counted}, its access log has ${seen.marks}`
  }
  const asked = filterHoldsMs(fault)
  if (seen.took !== null && asked !== null && Math.abs(seen.took - asked) > shortBy(asked) + longBy(asked)) {
    return `the fault ${what} took ${formatMs(seen.took)} (median), by the clock of the next station`
  }
  // A stalled machine can look like a delay.
  const comparable = takesTime(fault.action) ? Math.min(seen.inferred, seen.marked) : seen.inferred
  return differ(comparable, seen.marked)
    ? `the sources disagree on ${what}: Envoy's access log has ${seen.marked}, the other side of it shows ${seen.inferred}`
    : null
}

interface Choice {
  /** Those of the chosen requests that met it. */
  met: ReadonlySet<number>
  /** Chances of chosen requests that went by. */
  spared: number
  /** Chances of others that did not. */
  others: number
}

/** What was chosen before the run is no matter of chance: any other number is a doubt. Null where all is as chosen. */
function notAsChosen({ requests }: Chosen, { met, spared, others }: Choice, unit: string): string | null {
  const missing = [...requests].find((index) => !met.has(index))
  if (missing !== undefined) return `${met.size} of ${plural(requests.size, 'request')} met it (not so ${requestId(missing)})`
  if (spared > 0) return `${plural(spared, unit)} of theirs did not meet it`
  return others > 0 ? `${plural(others, unit)} of other requests met it` : null
}

const differ = (a: number, b: number) => Math.abs(a - b) > Math.max(EDGE_SLACK, EDGE_SLACK_SHARE * Math.max(a, b))
