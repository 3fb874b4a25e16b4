import { describeAction } from '../fault/registry.ts'
import type { Observations, PhaseObservation } from '../observe/observations.ts'
import { metOfOther } from '../observe/stray.ts'
import { dueBetween } from '../plan/due.ts'
import { nounOf } from '../plan/noun.ts'
import { isStraight, type Plan, type PlannedFault } from '../plan/plan.ts'
import { MAX_REQUESTS } from '../scenario/limits.ts'
import { plural } from '../value/show.ts'
import { faultsOf, percentOf } from './fault.ts'
import { LATE_LIMIT, MISSING_LIMIT, STUB_LAG_LIMIT } from './limits.ts'
import { showMs } from './show.ts'

/**
 * Why what was seen in a phase cannot be judged, in sentences; empty when it can. It bars failing as well as passing: a
 * starved harness makes slow requests just as an absent fault makes clean ones.
 * @param index - into `plan.phases`
 */
export function troublesOf(plan: Plan, observations: Observations, index: number): string[] {
  const name = JSON.stringify(plan.phases[index]?.name ?? index)
  const phase = observations.phases[index]
  if (phase === undefined) return [`phase ${name} was not observed`]
  // What is missing of it was never asked for: advice on the load would lead astray.
  if (!phase.complete) return [`phase ${name} was cut short`]
  return [
    ...starved(phase, name, plan),
    ...missing(plan, observations, index, name),
    ...unsent(plan, observations, index, name),
    ...strayed(plan, observations, index, name),
    ...doubtsOf(plan, observations, index),
  ]
}

const lowerLoad = ({ load }: Plan) => ({ open: 'lower load.rate', closed: 'lower load.connections', runs: 'lower app.parallel' })[load.kind]

/** Load that goes straight to Envoy and never came there was lost in the harness itself: no file handle, no port. */
function unsent(plan: Plan, { records }: Observations, index: number, name: string): string[] {
  if (!isStraight(plan)) return []
  const lost = records.filter((record) => record.phase === index && record.calls.length === 0 && record.error !== null)
  if (lost.length === 0) return []
  return [
    `${plural(lost.length, 'request')} of phase ${name} never came to Envoy, which is the harness's own failure (${lost.find(() => true)?.error}); raise the limit of open files (ulimit -n) or ${lowerLoad(plan)}`,
  ]
}

/** What came to the faults of another phase is left out; where that is more than a few, the phase was not what was asked. */
function strayed(plan: Plan, { records }: Observations, index: number, name: string): string[] {
  const own = records.filter((record) => record.phase === index)
  const strays = own.filter((record) => record.stray)
  if (strays.length <= Math.max(1, own.length * MISSING_LIMIT)) return []
  const hits: PlannedFault[] = []
  for (const { calls } of strays) hits.push(...metOfOther(plan, index, calls))
  const [hit] = hits
  if (hit !== undefined && 2 * hits.length > strays.length)
    return [
      `${hits.length} of ${plural(own.length, nounOf(plan))} of phase ${name} met ${describeAction(hit.action)} of phase ${JSON.stringify(plan.phases[hit.phase]?.name)}, which hits whatever is under way; ${hit.phase > index && hit.action.kind === 'down' ? 'let it begin within its own phase (down: { after: 500ms }), or make this one longer' : 'put a phase of its own between the two, or make this one longer'}`,
    ]
  return [
    `${strays.length} of ${plural(own.length, nounOf(plan))} of phase ${name} came so late to the place of its faults that these were switched by then; free the CPU, or make the phase longer`,
  ]
}

/** What to do about it is said once. Written as `not within`, so that a lag that is not a number is a trouble too. */
function starved({ lateness, stubLag, envoyLag }: PhaseObservation, name: string, plan: Plan): string[] {
  const found: string[] = []
  if (!(lateness.p99 <= LATE_LIMIT))
    found.push(
      `the load generator was starved in phase ${name}: 1 % of the ${nounOf(plan)}s left ${showMs(lateness.p99)} late or later (at most ${LATE_LIMIT}ms is accepted)`,
    )
  if (!(envoyLag.p99 <= LATE_LIMIT))
    found.push(
      `Envoy was starved in phase ${name}: it took up 1 % of the requests or attempts ${showMs(envoyLag.p99)} after they were sent, or later (at most ${LATE_LIMIT}ms is accepted)`,
    )
  if (!(stubLag.p99 <= STUB_LAG_LIMIT))
    found.push(
      `the stub upstreams were starved in phase ${name}: 1 % of their answers left ${showMs(stubLag.p99)} late or later (at most ${STUB_LAG_LIMIT}ms is accepted)`,
    )
  return found.length === 0 ? [] : [`${found.join('; ')}; free the CPU or ${lowerLoad(plan)}`]
}

function missing(plan: Plan, observations: Observations, index: number, name: string): string[] {
  const { from, to } = plan.phases[index] ?? { from: 0, to: 0 }
  if (plan.load.kind === 'closed') return full(observations)
  const [first, end] = plan.load.kind === 'runs' ? [from, to] : dueBetween(plan.load, from, to)
  const planned = end - first
  const seen = observations.records.reduce((count, record) => count + (record.phase === index ? 1 : 0), 0)
  if (planned - seen <= planned * MISSING_LIMIT) return []
  return [
    `only ${seen} of the ${plural(planned, nounOf(plan))} planned for phase ${name} were made: the load was not what was asked; free the CPU or ${lowerLoad(plan)}`,
  ]
}

/** A closed loop makes as many requests as are answered, and few of them are no trouble; but it stops before it fills the memory. */
function full({ records }: Observations): string[] {
  if (records.length < MAX_REQUESTS) return []
  return [
    `the closed loop came to ${plural(MAX_REQUESTS, 'request')}, the most that a run may have, before its end; shorten the phases or give load.think`,
  ]
}

/** Every planned fault needs evidence that it was met, whatever the evidence says of itself. */
export function doubtsOf(plan: Plan, observations: Observations, index: number): string[] {
  return faultsOf(plan, index).flatMap((fault) => {
    const evidence = observations.faults.find((each) => each.id === fault.id && each.phase === index)
    const what = `the fault ${fault.id} (${fault.action.kind}, ${percentOf(fault)})`
    if (evidence === undefined) return [`${what} left no evidence`]
    if (evidence.doubt !== null) return [evidence.doubt]
    return evidence.met > 0
      ? []
      : [
          `${what} was never met: ${evidence.matched === 0 ? 'nothing came that it is for' : `none of ${evidence.matched} that it is for met it`}`,
        ]
  })
}
