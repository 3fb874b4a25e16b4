import { hopName } from '../envoy/listener.ts'
import { gained } from '../envoy/stats.ts'
import { describeAction, FAULT_KINDS } from '../fault/registry.ts'
import type { Plan, PlannedFault } from '../plan/plan.ts'
import { compatibleShare } from '../statistics/compatible.ts'
import { formatMs, formatPercent } from '../units.ts'
import { type Chance, callsOf, chancesAt, isChanceOf, samePlace, type Traffic } from './chance.ts'
import type { FaultEvidence } from './observations.ts'
import type { Call } from './record.ts'
import type { PhaseTimes } from './timeline.ts'

/** Envoy's timers are whole milliseconds and its delay comes out up to 3 ms short (test/integration/faults.test.ts). */
const DELAY_SLACK_MS = 5
/** Requests at the edges of a phase fall on either side of a counter's reading. */
const EDGE_SLACK = 3
const EDGE_SLACK_SHARE = 0.02

/** How often each fault of the phases that were played really happened, and whether sources that do not know of each other agree. */
export function weighFaults(plan: Plan, traffic: Traffic, phases: readonly PhaseTimes[]): FaultEvidence[] {
  const calls = callsOf(traffic)
  return plan.faults.flatMap((fault) => {
    const times = phases[fault.phase]
    return times ? [weigh(fault, plan, traffic, calls, times)] : []
  })
}

function weigh(fault: PlannedFault, plan: Plan, traffic: Traffic, calls: readonly Call[], times: PhaseTimes): FaultEvidence {
  const chances = chancesAt(fault, fault.phase, traffic, times)
  const rivals = plan.faults.filter((other) => other.phase === fault.phase && samePlace(other, fault))
  const own = chances.filter((chance) => isChanceOf(fault, chance, rivals.slice(0, rivals.indexOf(fault)), plan))
  const met = own.filter((chance) => chance.marks.includes(fault.id)).length
  // Faults of one kind at one place share the counter, and what the next station sees of them.
  const kin = rivals.filter((other) => other.action.kind === fault.action.kind)
  const group = {
    counted: countedBy(kin, plan, times),
    // Wherever the request was when its fault came into force: the counter does not look either.
    marks: kin.reduce((sum, other) => sum + marksOf(other, calls), 0),
    marked: chances.filter((chance) => kin.some((other) => chance.marks.includes(other.id))).length,
    inferred: chances.filter((chance) => kin.some((other) => shows(other, chance))).length,
    took: kin.length === 1 && fault.action.kind === 'delay' ? delayTaken(fault, chances) : null,
  }
  return {
    id: fault.id,
    phase: fault.phase,
    matched: own.length,
    met,
    counted: group.counted,
    inferred: group.inferred,
    doubt: doubt(fault, { matched: own.length, met, ...group }),
  }
}

/** How often a fault left its mark in a log, at the edges of its phase too. */
function marksOf({ id }: PlannedFault, calls: readonly Call[]): number {
  const marked = (marks: readonly string[] | undefined) => Number(marks?.includes(id) ?? false)
  return calls.reduce(
    (sum, { ingressFaults, attempts }) => attempts.reduce((more, { hop }) => more + marked(hop?.faults), sum + marked(ingressFaults)),
    0,
  )
}

/** A delay comes out some ms long, and more on a busy machine (test/integration/faults.test.ts). */
const longBy = (ms: number) => Math.max(20, ms * 0.1)

/** How much later than the others the delayed ones came to the next station: medians, so that one stall says nothing. Null where too few came. */
function delayTaken(fault: PlannedFault, chances: readonly Chance[]): number | null {
  const came = chances.filter((chance) => chance.passed)
  const [delayed, others] = [true, false].map((met) =>
    came.filter((chance) => (met ? chance.marks.includes(fault.id) : chance.marks.length === 0)).map((chance) => chance.lagMs),
  ) as [number[], number[]]
  return delayed.length < 5 ? null : median(delayed) - (others.length < 5 ? 0 : median(others))
}

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] as number

/** Whether the other side of a fault's place saw what this fault would do. */
function shows(fault: PlannedFault, chance: Chance): boolean {
  if (fault.action.kind === 'abort') return !chance.passed && !chance.cut && chance.status === fault.action.value
  return chance.lagMs >= fault.action.value - DELAY_SLACK_MS || (!chance.passed && chance.cut)
}

function countedBy(kin: readonly PlannedFault[], plan: Plan, times: PhaseTimes): number {
  const [first] = kin as [PlannedFault]
  const clusters = new Set(plan.stubs.servers.map((server) => server.cluster))
  const listeners =
    first.at === 'upstream'
      ? new Set(kin.flatMap((fault) => fault.replicas.map((replica) => hopName(fault.cluster, replica))))
      : ['shared', ...[...clusters].map((cluster) => `egress_${cluster}`)]
  const counter = FAULT_KINDS[first.action.kind].counter
  return [...listeners].reduce((sum, name) => sum + gained(times.before, times.after, `http.${name}.fault.${counter}`), 0)
}

function doubt(
  fault: PlannedFault,
  seen: { matched: number; met: number; counted: number; marks: number; marked: number; inferred: number; took: number | null },
): string | null {
  const what = `${describeAction(fault.action)} on ${fault.cluster}`
  const unit = fault.at === 'ingress' ? 'requests' : 'attempts'
  if (seen.matched === 0) return `the fault ${what} never fired: no ${unit} matched its condition while it was in force`
  if (seen.met === 0) return `the fault ${what} never fired: ${seen.matched} ${unit} matched its condition, none met it`
  if (!compatibleShare(seen.met, seen.matched, fault.percent / 100)) {
    return `the fault ${what} missed its share: ${fault.percent} % asked, but ${seen.met} of ${seen.matched} ${unit} met it (${formatPercent(seen.met / seen.matched)})`
  }
  if (differ(seen.counted, seen.marks)) {
    return `the sources disagree on ${what}: Envoy's counter gained ${seen.counted}, its access log has ${seen.marks}`
  }
  if (
    seen.took !== null &&
    fault.action.kind === 'delay' &&
    Math.abs(seen.took - fault.action.value) > DELAY_SLACK_MS + longBy(fault.action.value)
  ) {
    return `the fault ${what} took ${formatMs(seen.took)} (median), by the clock of the next station`
  }
  // A stalled machine can look like a delay, so of delays only too few are a contradiction.
  const comparable = fault.action.kind === 'delay' ? Math.min(seen.inferred, seen.marked) : seen.inferred
  return differ(comparable, seen.marked)
    ? `the sources disagree on ${what}: Envoy's access log has ${seen.marked}, the other side of it shows ${seen.inferred}`
    : null
}

const differ = (a: number, b: number) => Math.abs(a - b) > Math.max(EDGE_SLACK, EDGE_SLACK_SHARE * Math.max(a, b))
