import { unreachable } from '../errors.ts'
import type { Observations } from '../observe/observations.ts'
import type { Records } from '../observe/records.ts'
import { nounOf } from '../plan/noun.ts'
import type { Plan } from '../plan/plan.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { plural } from '../value/show.ts'
import { calmOf, STALLED } from './calm.ts'
import { type Claim, claimsOf, quote } from './claim.ts'
import { type Evidence, type Finding, noData } from './finding.ts'
import { lostHeaders } from './lost-headers.ts'
import { measureContent } from './measure-content.ts'
import { measureCount } from './measure-count.ts'
import { measureEachLatency } from './measure-each-latency.ts'
import { measureEvery } from './measure-every.ts'
import { measureFactor } from './measure-factor.ts'
import { measureGoodput } from './measure-goodput.ts'
import { measureLatency } from './measure-latency.ts'
import { measureRecovery, recoveryPhases } from './measure-recovery.ts'
import { measureShare } from './measure-share.ts'
import { phasesOf, type Selection, select } from './select.ts'
import { doubtsOf, troublesOf } from './trouble.ts'
import type { Outcome, Status, Verdict } from './verdict.ts'

/**
 * What a run says of the claims of its scenario: a function of its stored evidence, so it can be judged again.
 * A pass is only given where there was data, the faults were met, and the harness was not starved.
 */
export function judge(scenario: Scenario, plan: Plan, observations: Observations): Verdict {
  const evidence = { scenario, plan, observations }
  const troubles = plan.phases.map((_, phase) => troublesOf(plan, observations, phase))
  const faultDoubts = plan.phases.map((_, phase) => doubtsOf(plan, observations, phase))
  const doubtsOn = (claim: Claim) => {
    const phases = restsOn(claim, plan)
    // What comes after a fault is a claim about its aftermath: it rests on the fault, too.
    const before = faultDoubts.filter((_, phase) => phase < Math.max(...phases) && !phases.includes(phase))
    return [...observations.unsound, ...phases.flatMap((phase) => troubles[phase] ?? []), ...before.flat()]
  }
  const outcomes = scenario.expect.flatMap((expectation, index) =>
    claimsOf(expectation, index).map((claim) => outcomeOf(claim, evidence, doubtsOn(claim))),
  )
  const statuses = outcomes.map((outcome) => outcome.status)
  // A run of which a planned fault did not happen is no pass, even where no claim names its phase.
  return { status: worst(faultDoubts.flat().length > 0 ? [...statuses, 'inconclusive'] : statuses), outcomes }
}

/** Fail before inconclusive before pass; nothing judged is nothing passed. */
function worst(statuses: readonly Status[]): Status {
  if (statuses.includes('fail')) return 'fail'
  return statuses.length === 0 || statuses.includes('inconclusive') ? 'inconclusive' : 'pass'
}

/** @param doubts - why the phases it rests on cannot be judged; empty when they can */
function outcomeOf(claim: Claim, evidence: Evidence, doubts: readonly string[]): Outcome {
  const { expectation } = claim
  return {
    expectation: claim.index,
    title: titleOf(claim),
    phase: expectation.phase ?? null,
    metric: claim.metric,
    asked: claim.asked,
    ...doubted(measure(claim, evidence), doubts),
    at: evidence.scenario.locate(claim.path),
  }
}

function measure(claim: Claim, evidence: Evidence): Finding {
  if (claim.family === 'recovery') return measureRecovery(claim, evidence)
  const { plan } = evidence
  if (phasesOf(claim.expectation, plan).length === 0) return noData(`no phase is named ${JSON.stringify(claim.expectation.phase)}`)
  const selection = selectFor(claim, evidence)
  const first = measureOf(claim, selection.records, evidence)
  const measured = whileStalled(claim, selection, evidence, beyondTheEnd(claim, selection, evidence, first))
  const found = measured.status === 'fail' ? { ...measured, why: `${measured.why}${lostHeaders(selection.records, plan)}` } : measured
  if (selection.unjoined === null) return found
  // What was counted is what is known of it: silence is not zero.
  const isLeast = selection.isPart && claim.family === 'count' && claim.of !== 'spare_rejections' && found.seen !== null
  return doubted(isLeast ? { ...found, seen: `at least ${found.seen}` } : found, [selection.unjoined])
}

/** Requests are left out that went on when their faults were off: many of them must not be what makes a claim hold, or fail. */
function beyondTheEnd(
  claim: Exclude<Claim, { family: 'recovery' }>,
  { records, withBeyond }: Selection,
  evidence: Evidence,
  found: Finding,
) {
  if (withBeyond === null || found.status === 'inconclusive') return found
  if (measureOf(claim, withBeyond, evidence).status === found.status) return found
  const left = withBeyond.length - records.length
  const why = `${left} of ${plural(withBeyond.length, nounOf(evidence.plan))} to which it happened were tried again after the end of the phase, when its faults were off, and with them the answer is another; a settle above their usual duration leaves out those that are due so late`
  return doubted(found, [why])
}

/**
 * What went on while the harness stood still for a moment must not be what makes a claim fail, nor what makes one hold that
 * fails without it. A pass that is left with too few requests stays one: it held in spite of them. Counts and claims on each
 * latency look at this themselves, and goodput is less without anything that succeeded.
 */
function whileStalled(claim: Exclude<Claim, { family: 'recovery' }>, { records }: Selection, evidence: Evidence, found: Finding): Finding {
  if (found.status === 'inconclusive' || claim.family === 'count' || claim.family === 'each_latency' || claim.family === 'throughput')
    return found
  const calm = calmOf(records, evidence.observations)
  if (calm.length === records.length) return found
  const { status } = measureOf(claim, calm, evidence)
  if (found.status === 'fail' ? status === 'fail' : status !== 'fail') return found
  const why = `${found.why ?? `expected ${quote(claim)}, got ${found.seen}`}; ${records.length - calm.length} of ${plural(records.length, nounOf(evidence.plan))} ${STALLED}, and without those the answer is another; free the CPU`
  return doubted(found, [why])
}

function selectFor(claim: Claim, { plan, observations }: Evidence) {
  const { phase, settle, ...rest } = claim.expectation
  // Successes count where they were answered, which may be a phase later.
  if (claim.family === 'throughput') return select(rest, plan, observations, false)
  // Ejections are counted by Envoy for whole phases; only the phase chooses among them.
  const filter = claim.family === 'count' && claim.of === 'ejections' ? { phase } : claim.expectation
  return select(filter, plan, observations, needsLog(claim))
}

/** Whether a metric rests on what Envoy's log says of each request; the others are seen by the client alone. */
function needsLog(claim: Claim): boolean {
  switch (claim.family) {
    case 'share':
      return claim.of === 'fault_share'
    case 'every':
      return 'attempts' in claim.of
    case 'count':
      return claim.of !== 'ejections'
    case 'factor':
      return true
    case 'latency':
    case 'each_latency':
    case 'content':
    case 'throughput':
    case 'recovery':
      return false
    default:
      return unreachable(claim)
  }
}

function measureOf(claim: Exclude<Claim, { family: 'recovery' }>, records: Records, evidence: Evidence): Finding {
  switch (claim.family) {
    case 'share':
      return measureShare(claim, records, evidence)
    case 'every':
      return measureEvery(claim, records, evidence)
    case 'latency':
      return measureLatency(claim, records, evidence)
    case 'each_latency':
      return measureEachLatency(claim, records, evidence)
    case 'content':
      return measureContent(claim, records, evidence)
    case 'factor':
      return measureFactor(claim, records, evidence)
    case 'count':
      return measureCount(claim, records, evidence)
    case 'throughput':
      return measureGoodput(claim, records, evidence)
    default:
      return unreachable(claim)
  }
}

/** The phases whose troubles are a claim's own; a recovery rests on its baseline and on its fault too. */
function restsOn(claim: Claim, plan: Plan): number[] {
  const phases = phasesOf(claim.expectation, plan)
  if (claim.family !== 'recovery') return phases
  const found = recoveryPhases(claim, plan)
  return 'why' in found ? phases : [found.baseline, found.fault, found.recovery]
}

/** Doubt bars pass and fail alike; what was seen, and examples of it, stay. */
function doubted(found: Finding, doubts: readonly string[]): Finding {
  return doubts.length === 0 ? found : { ...found, status: 'inconclusive', why: doubts.join('; ') }
}

/** The user's name, or `brownout · checkout · given fault abort · success_rate`. */
function titleOf({ expectation, metric }: Claim): string {
  if (expectation.name !== undefined) return expectation.name
  const given = Object.entries(expectation.given ?? {}).map(([key, value]) => `given ${key} ${givenText(value)}`)
  return [expectation.phase, expectation.cluster, expectation.request, ...given, metric].filter((part) => part !== undefined).join(' · ')
}

function givenText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  if ('source' in value) return String(value.source)
  return Object.entries(value)
    .map(([name, text]) => `${name}: ${text}`)
    .join(', ')
}
