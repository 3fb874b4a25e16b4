import { nounOf } from '../plan/noun.ts'
import { commandLine } from '../report/command-line.ts'
import { countOutcomes, endedSentence } from '../report/ending.ts'
import { askedOf, faultTarget, replicasOf } from '../report/fault-words.ts'
import type { FinishedRun } from '../report/finished-run.ts'
import { printable } from '../report/layout.ts'
import { masker, secretValues } from '../report/mask.ts'
import type { Results } from '../report/results-schema.ts'
import { ClusterCount } from './clusters.ts'
import { FirstMoments } from './moments.ts'
import type { PageClaim, PageData, PagePhase, Traffic } from './page-data.ts'
import { SampleChoice } from './samples.ts'
import { statsOf } from './stats.ts'
import { axisFor, withTail } from './time-axis.ts'
import { TrafficCount } from './traffic.ts'
import { sampleOf } from './waterfall.ts'

/** For so long after their deadline clients wait for what goes on when the load is over. @see load/caller.ts */
const PATIENCE_MS = 5000

/**
 * What `report.html` shows of a run. Goes through its records once.
 * @param results - of the same run
 */
export function pageDataOf(run: FinishedRun, results: Results): PageData {
  const { scenario, plan, observations } = run
  const length = results.phases.at(-1)?.to_ms ?? 0
  const ofLoad = axisFor(length, observations?.records.length ?? 0)
  const axis = withTail(ofLoad, observations === null ? 0 : plan.load.deadline + PATIENCE_MS)
  const traffic = new TrafficCount(axis, plan.load.deadline)
  const clusters = new ClusterCount(run, axis)
  const moments = new FirstMoments(plan)
  const samples = new SampleChoice(new Set(results.outcomes.flatMap(({ examples }) => examples)))
  for (const record of observations?.records ?? []) {
    const cause = traffic.add(record)
    clusters.add(record)
    moments.add(record)
    samples.add(record, cause)
  }
  const ejections = observations?.ejections ?? []
  const [seen, counted] = [traffic.end(), clusters.end(ejections)]
  const count = Math.max(ofLoad.count, lastUsed([seen.served, ...seen.failures.map(({ at }) => at), seen.firstTries, seen.retries]) + 1)
  const cut = <T>(row: readonly T[]) => row.slice(0, count)
  const data: PageData = {
    name: scenario.name,
    description: scenario.description ?? null,
    file: scenario.file,
    status: results.status,
    counted: countOutcomes(results.outcomes),
    ended: run.ended && endedSentence(run.ended, run),
    unsound: results.unsound,
    warnings: results.warnings,
    happened: run.happened.map(({ text }) => text),
    claims: claimsOf(results, length),
    command: commandLine(run.command),
    made: madeBy(run),
    noun: nounOf(plan),
    deadline: plan.load.deadline,
    axis: { step: axis.step, count },
    phases: phasesOf(run, results),
    moments: moments.end(ejections),
    traffic: cutTraffic(seen, cut),
    clusters: counted.map(({ name, levels }) => ({
      name,
      levels: levels.map((level) => ({ ...level, peak: cut(level.peak), mean: cut(level.mean), refused: cut(level.refused) })),
    })),
    samples: samples.chosen.map(({ record, cause }) => sampleOf(record, cause, plan)),
    stats: statsOf(observations?.counters ?? [], plan),
  }
  const mask = masker(secretValues(scenario))
  return withTexts(data, (text) => printable(mask(text)))
}

const lastUsed = (rows: readonly (readonly number[])[]) =>
  rows.reduce(
    (last, row) =>
      Math.max(
        last,
        row.findLastIndex((each) => each > 0),
      ),
    -1,
  )

type Cut = <T>(row: readonly T[]) => T[]

function cutTraffic({ latency, failures, heat, ...rows }: Traffic, cut: Cut): Traffic {
  const { offered, served, attempts, firstTries, retries } = rows
  return {
    offered: cut(offered),
    served: cut(served),
    failures: failures.map((each) => ({ ...each, at: cut(each.at) })),
    latency: { p50: cut(latency.p50), p90: cut(latency.p90), p99: cut(latency.p99) },
    heat,
    attempts: cut(attempts),
    firstTries: cut(firstTries),
    retries: cut(retries),
  }
}

function claimsOf({ outcomes, phases }: Results, length: number): PageClaim[] {
  return outcomes.map(({ title, metric, phase, asked, seen, interval, samples, status, why, at, examples }) => {
    const own = phases.find(({ name }) => name === phase)
    const [from, to] = own === undefined ? [0, length] : [own.from_ms, own.to_ms]
    return { title, metric, phase, asked, seen, interval: interval?.text ?? null, samples, status, why, line: at.line, from, to, examples }
  })
}

function phasesOf({ plan }: FinishedRun, { phases }: Results): PagePhase[] {
  return phases.map(({ name, from_ms: from, to_ms: to, requests, successes, latency_ms, attempts, ...rest }, i) => ({
    name,
    from,
    to,
    faults: (plan.phases[i]?.faults ?? []).flatMap((index) => {
      const fault = plan.faults[index]
      return fault === undefined
        ? []
        : [`${fault.percent === 100 ? '' : `${askedOf(fault)} `}${faultTarget(fault, replicasOf(fault.cluster, plan))}`]
    }),
    requests,
    successes,
    p50: latency_ms?.p50 ?? null,
    p99: latency_ms?.p99 ?? null,
    attempts,
    refused: rest.breaker_rejections.max_requests + rest.breaker_rejections.max_pending_requests,
    suppressed: rest.retries_suppressed,
  }))
}

function madeBy(run: FinishedRun): string[] {
  return [
    `seed ${run.plan.seed}`,
    `chaos ${run.chaosVersion} (${run.runtime})`,
    ...(run.envoy === null ? [] : [`Envoy ${run.envoy.version ?? 'of an unknown version'}`]),
    run.startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC'),
    run.id,
  ]
}

/** The same, with every text in it made safe: none is forgotten so. */
function withTexts<T>(value: T, say: (text: string) => string): T {
  if (typeof value === 'string') return say(value) as T
  // Rows of numbers have no text.
  if (Array.isArray(value)) return (typeof value[0] === 'number' ? value : value.map((each) => withTexts(each, say))) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withTexts(each, say)])) as T
}
