import type { Records } from '../observe/records.ts'
import { isStraight, type Plan } from '../plan/plan.ts'
import { trim } from '../units.ts'
import { type Condition, holds } from '../value/condition.ts'
import { plural } from '../value/show.ts'
import { causes } from './cause.ts'
import { type ClaimOf, quote } from './claim.ts'
import { limitsOf } from './decide.ts'
import { diverse } from './examples.ts'
import { type Evidence, type Finding, finding, noData, nothingSeen } from './finding.ts'
import { BASELINE_LEAST, WINDOW, WINDOW_REQUESTS, WINDOW_SLACK, WINDOWS_AFTER } from './limits.ts'
import { phasesOf, select } from './select.ts'
import { showInterval, showMs, showShare } from './show.ts'
import { holdsFrom, windowCount, windowsOf } from './window.ts'

/** The phases that a claim of recovery rests on: the baseline, the one with the fault, and the one in which it recovers. */
export interface RecoveryPhases {
  baseline: number
  fault: number
  recovery: number
}

/** @returns why there is nothing that could recover, when there is not. */
export function recoveryPhases(claim: ClaimOf<'recovery'>, plan: Plan): RecoveryPhases | { why: string } {
  if (claim.expectation.phase === undefined) return { why: `${claim.metric} needs a phase: the one that begins when the fault ends` }
  const [recovery] = phasesOf(claim.expectation, plan)
  if (recovery === undefined) return { why: `no phase is named ${JSON.stringify(claim.expectation.phase)}` }
  const fault = recovery - 1
  if (!plan.phases[fault]?.faults.length)
    return { why: `the phase before ${JSON.stringify(claim.expectation.phase)} has no fault to recover from` }
  const baseline = plan.phases.findIndex((phase) => phase.faults.length === 0)
  return baseline < fault && baseline >= 0
    ? { baseline, fault, recovery }
    : { why: 'no phase without faults comes before the fault, so there is no baseline to recover to' }
}

/** The shortest phase, in ms, that can show a recovery within the asked time. */
export const recoveryLength = (condition: Condition) => (Math.ceil(limitsOf(condition).most / WINDOW) + WINDOWS_AFTER) * WINDOW

/** recovers_within: requests in flight over the edges are kept, and `settle` is not heeded: both would hide the recovery. */
export function measureRecovery(claim: ClaimOf<'recovery'>, { plan, observations }: Evidence): Finding {
  const phases = recoveryPhases(claim, plan)
  if ('why' in phases) return noData(phases.why)
  const { settle: _, ...expectation } = claim.expectation
  const of = (phase: number) => select({ ...expectation, phase: plan.phases[phase]?.name }, plan, observations, false)
  const [before, after] = [of(phases.baseline), of(phases.recovery)]
  const unjoined = before.unjoined ?? after.unjoined
  const span = observations.phases[phases.recovery]
  if (before.records.length === 0 || after.records.length === 0 || span === undefined) return nothingSeen(plan)
  const baseline = before.records.filter((record) => record.success).length / before.records.length
  const least = baseline - WINDOW_SLACK
  // By the planned times, to which due times belong: the real ones are a little later, and would lose the last window.
  const { from, to } = plan.phases[phases.recovery] ?? span
  const windows = windowsOf(after.records, from, to)
  const value = holdsFrom(windows, least, false)
  const weak = unjoined ?? weakness(claim, baseline, before.records.length, after.records.length, span.to - span.from)
  const isFast = holds(claim.condition, value)
  const earliest = holdsFrom(windows, least, true)
  const unknown = !isFast && holds(claim.condition, earliest)
  const never = value === Number.POSITIVE_INFINITY
  const failures = after.records.filter((record) => !record.success && record.due >= from + limitsOf(claim.condition).most)
  const last = windows.findLast((window) => window.total === 0 || window.good / window.total < least)
  const story = never ? `it had not recovered when the phase ended: ${lastWindow(last)}` : `it recovered after ${showMs(value)}`
  return finding({
    seen: never ? 'never' : showMs(value),
    value: never ? null : value,
    interval: earliest === value ? null : showInterval({ low: earliest, high: value }, showMs),
    samples: windows.length,
    status: weak !== null || unknown ? 'inconclusive' : isFast ? 'pass' : 'fail',
    why:
      weak ??
      (unknown
        ? `expected ${quote(claim)}, but whether it recovered after ${showMs(earliest)} or ${never ? 'never' : `only after ${showMs(value)}`} is open: a window in between has no requests, or so few failures beyond those of the baseline (${showShare(1 - baseline)}) that chance may explain them`
        : `expected ${quote(claim)}, but ${story}, where the baseline has ${showShare(baseline)}${because(failures, plan)}${silence(failures, observations.records, from, plan)}`),
    examples: diverse(failures.slice(Math.max(0, failures.length - LATEST), failures.length).toReversed(), plan.load.deadline),
  })
}

/** How many of the last failures the examples are chosen from: they show best that it had not recovered. */
const LATEST = 50

const lastWindow = (window: { good: number; total: number } | undefined) =>
  !window || window.total === 0
    ? 'its last windows hold no request'
    : `its last window has ${showShare(window.good / window.total)} success`

const because = (failures: Records, plan: Plan) => (failures.length === 0 ? '' : `; after the asked time ${causes(failures, plan)}`)

/**
 * Where an app made no call any more for any of the requests that failed too late: since when. Nothing of Envoy's and
 * nothing of a fault can be the cause of that.
 * @param from - when the fault ended
 */
function silence(failures: Records, all: Records, from: number, plan: Plan): string {
  if (isStraight(plan) || failures.length === 0 || !failures.every(({ joined, calls }) => joined && calls.length === 0)) return ''
  const last = all.reduce((latest, { calls }) => calls.reduce((most, { egress }) => Math.max(most, egress.start), latest), -1)
  if (last < 0) return ''
  const when = last < from ? `${showMs(from - last)} before the fault ended` : `${showMs(last - from)} after the fault had ended`
  return `; the last call of the app came ${when}: something in it keeps it from calling, such as a circuit breaker of its own that stays open`
}

/** What `undecidable` refuses beforehand, checked again on what was really seen. */
function weakness(claim: ClaimOf<'recovery'>, baseline: number, before: number, after: number, length: number): string | null {
  if (before < WINDOW_REQUESTS) return `the baseline has only ${plural(before, 'request')}, at least ${WINDOW_REQUESTS} are needed`
  if (baseline < BASELINE_LEAST) return `the baseline itself has only ${showShare(baseline)} success, which is nothing to recover to`
  const windows = windowCount(length)
  // A measured phase may be a little shorter than the planned one.
  if (windows + 1 < recoveryLength(claim.condition) / WINDOW)
    return `the phase lasted ${showMs(length)}, too short to show a recovery within ${showMs(limitsOf(claim.condition).most)}`
  // Of the planned 20 a window, a few may be missing or fall into a measured phase that is a little longer.
  if (after / windows < WINDOW_REQUESTS * 0.9)
    return `a window of ${WINDOW}ms holds ${trim(after / windows, 1)} requests on average, at least ${WINDOW_REQUESTS} are needed`
  return null
}
