import type { PhaseObservation } from '../observe/observations.ts'
import type { Records } from '../observe/records.ts'
import { nounOf } from '../plan/noun.ts'
import type { Plan } from '../plan/plan.ts'
import { throughput } from '../statistics/throughput.ts'
import { plural } from '../value/show.ts'
import { causes } from './cause.ts'
import { type ClaimOf, quote } from './claim.ts'
import { decide } from './decide.ts'
import { diverse } from './examples.ts'
import { type Evidence, type Finding, finding, nothingSeen } from './finding.ts'
import { MIN_EXACT } from './limits.ts'
import { type Filter, isAskedOf, phasesOf } from './select.ts'
import { showCount, showInterval, showMs, showPerSecond } from './show.ts'

/**
 * Successes per second, by the time at which they were answered: a request that was due in the phase before counts where
 * its answer came. One that failed counts where it was due, since nobody knows when it would have succeeded.
 * @param records - of all phases, at any time
 */
export function measureGoodput(claim: ClaimOf<'throughput'>, records: Records, { plan, observations }: Evidence): Finding {
  const spans = spansOf(claim.expectation, plan, observations.phases)
  const length = spans.reduce((sum, { from, to }) => sum + to - from, 0)
  const successes: number[] = []
  for (const { success, end } of records) {
    const at = success && end !== null ? positionIn(spans, end) : undefined
    if (at !== undefined) successes.push(at / length)
  }
  // By its own phase: the next one begins some ms after the time for which it is planned, and its first requests are due then.
  const due = records.filter((record) => isAskedOf(claim.expectation, plan, observations.phases, record))
  const failed = due.filter(({ success }) => !success)
  const later = due.reduce((count, { success, end }) => count + Number(success && end !== null && positionIn(spans, end) === undefined), 0)
  const total = successes.length + failed.length
  const rate = throughput(successes, failed.length, length / 1000)
  if (rate === undefined) return nothingSeen(plan)
  const decided = decide(claim.condition, rate)
  const status = decided === 'pass' && total < MIN_EXACT ? 'inconclusive' : decided
  const shown = showInterval(rate, showPerSecond)
  return finding({
    seen: showPerSecond(rate.mean),
    value: rate.mean,
    interval: shown,
    samples: total,
    status,
    why: `expected ${quote(claim)}, got ${showPerSecond(rate.mean)} (95 % interval ${shown.text}${status === 'inconclusive' ? ', which does not tell' : ''}): ${plural(successes.length, 'success', 'successes')} within ${showMs(length)}${othersOf(failed, later, plan)}`,
    examples: diverse(failed, plan.load.deadline),
  })
}

/** What became of the requests that were due then and are no part of it. */
function othersOf(failed: Records, later: number, plan: Plan): string {
  const others = [
    ...(failed.length === 0 ? [] : [`${showCount(failed.length)} failed (${causes(failed, plan)})`]),
    ...(later === 0 ? [] : [`${showCount(later)} succeeded later`]),
  ]
  return others.length === 0 ? '' : `; of the ${nounOf(plan)}s that were due then, ${others.join(' and ')}`
}

interface Span {
  from: number
  to: number
}

/** The time that a claim is about, as it really was, in ms after the start of the load. */
function spansOf(filter: Filter, plan: Plan, phases: readonly PhaseObservation[]): Span[] {
  const settle = filter.settle ?? 0
  return phasesOf(filter, plan).flatMap((index) => {
    const phase = phases[index]
    return phase && phase.to - phase.from > 2 * settle ? [{ from: phase.from + settle, to: phase.to - settle }] : []
  })
}

/** Ms of these spans before a time; undefined where it is in none. */
function positionIn(spans: readonly Span[], time: number): number | undefined {
  let before = 0
  for (const { from, to } of spans) {
    if (time >= from && time < to) return before + time - from
    before += to - from
  }
  return undefined
}
