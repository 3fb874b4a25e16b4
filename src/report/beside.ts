import type { Observations, PhaseObservation } from '../observe/observations.ts'
import { attemptsOf, retriesOf } from '../observe/record.ts'
import { numbersOf, type Records } from '../observe/records.ts'
import type { Range } from '../predict/outcome.ts'
import { type PhasePrediction, together } from '../predict/predict.ts'
import { compatibleShare } from '../statistics/compatible.ts'
import { plural } from '../value/show.ts'
import { showFactor, showRange, showShare } from '../verdict/show.ts'
import { count, duration } from './figures.ts'
import type { FinishedRun } from './finished-run.ts'
import { ANY, type Hindrances, hindrances, STOPPING } from './hindrances.ts'

/** What was predicted of a phase and what was seen of it, side by side. It decides nothing. */
export interface Beside {
  phase: string
  predicted: PhasePrediction
  /** The kinds together; null where something is not predicted. */
  success: Range | null
  attempts: Range | null
  /** In ms; null where nothing but the client's patience ends a request. */
  slowest: number | null
  /** Where the two differ by more than chance explains: one sentence each, on what that means. */
  differs: readonly string[]
}

/** The normal quantile of a two-sided 99.9 % interval: a sound run in a thousand differs by chance. */
const Z999 = 3.29
/** What a machine adds is no part of the arithmetic: a difference up to here is not worth a sentence. */
const SHARE_SLACK = 0.005
const FACTOR_SLACK = 0.02
const LATENCY_SLACK_MS = 50
/** Where one step in a hundred takes longer. */
const STARVED_MS = 20
/** Fewer show nothing. */
const FEWEST = 30

export function besides({ prediction, observations }: Pick<FinishedRun, 'prediction' | 'observations'>): Beside[] {
  return prediction.phases.map((predicted, index) => {
    const slowest = Math.max(...predicted.kinds.map((kind) => kind.slowest.ms))
    const beside = {
      phase: predicted.name,
      predicted,
      success: together(predicted.kinds, 'success'),
      attempts: together(predicted.kinds, 'attempts'),
      slowest: Number.isFinite(slowest) ? slowest : null,
    }
    return { ...beside, differs: observations === null ? [] : differencesIn(beside, observations, index) }
  })
}

type Predicted = Omit<Beside, 'differs'>

function differencesIn(predicted: Predicted, { records, phases, unsound }: Observations, index: number): string[] {
  const phase = phases[index]
  // Otherwise a difference would speak of the evidence or of the machine.
  if (phase === undefined || !phase.complete || unsound.length > 0 || isStarved(phase) || predicted.slowest === null) return []
  const seen = undisturbed(
    records.filter((record) => record.phase === index),
    phase,
    predicted.slowest,
  )
  if (seen.length < FEWEST) return []
  return [...inSuccess(predicted.success, seen), ...inAttempts(predicted.attempts, seen), ...inLatency(predicted, seen)]
}

const isStarved = ({ lateness, envoyLag, stubLag }: PhaseObservation) => Math.max(lateness.p99, envoyLag.p99, stubLag.p99) > STARVED_MS

/**
 * The requests whose whole life the faults of their phase were in force, and nothing stood still. They are chosen by when
 * they were due alone: how long they really took would favour the quick ones.
 */
export function undisturbed(records: Records, { to, stalls }: Pick<PhaseObservation, 'to' | 'stalls'>, slowest: number): Records {
  return records.filter(
    ({ due, stray }) => !stray && due + slowest <= to && !stalls.some((stall) => due <= stall.until && due + slowest >= stall.from),
  )
}

function inSuccess(predicted: Range | null, seen: Records): string[] {
  if (predicted === null) return []
  const hits = seen.filter((record) => record.success).length
  const share = hits / seen.length
  const nearest = Math.min(predicted.high, Math.max(predicted.low, share))
  if (Math.abs(share - nearest) <= SHARE_SLACK || compatibleShare(hits, seen.length, nearest)) return []
  const figures = `${showShare(share)} of ${plural(seen.length, 'request')} succeeded, ${showRange(predicted, showShare)} follow from the arithmetic`
  if (share > nearest)
    return [`more successes than the faults leave: ${figures}; they hit fewer requests than they should, or something hides them`]
  const failed = seen.filter((record) => !record.success)
  return [
    `fewer successes than the faults explain: ${figures}; ${known(`the ${plural(failed.length, 'request')} that failed`, hindrances(failed)) ?? 'something else makes requests fail or slow'}`,
  ]
}

/** What the evidence knows to have hindered these requests; null where it knows of nothing. */
function known(which: string, { told, unknown }: Hindrances): string | null {
  if (told.length === 0) return null
  return `of ${which}: ${told.join(', ')}${unknown === 0 ? '' : `; of ${count(unknown)} the logs tell nothing of the kind`}`
}

function inAttempts(predicted: Range | null, seen: Records): string[] {
  const counted = seen.filter(({ calls }) => calls.some(({ egress }) => egress.details !== 'fault_filter_abort'))
  if (predicted === null || counted.length < FEWEST) return []
  const attempts = numbersOf(counted, (record) => attemptsOf(record).length)
  const mean = attempts.reduce((sum, count) => sum + count, 0) / attempts.length
  const variance = attempts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / attempts.length
  const nearest = Math.min(predicted.high, Math.max(predicted.low, mean))
  // Where each made the same number, one more request could have made another.
  const error = Math.max(Math.sqrt(variance / attempts.length), 1 / attempts.length)
  if (Math.abs(mean - nearest) <= FACTOR_SLACK * nearest + Z999 * error) return []
  const figures = `${showFactor(mean)} for each of ${plural(counted.length, 'request')}, ${showRange(predicted, showFactor)} by the arithmetic`
  if (mean > nearest) {
    const retried = counted.filter((record) => retriesOf(record) > 0)
    return [
      `more attempts than the faults explain: ${figures}; ${known(`the ${plural(retried.length, 'request')} that were retried`, hindrances(retried)) ?? 'other failures are tried again too'}`,
    ]
  }
  const stopped = known('all', { ...hindrances(counted, STOPPING), unknown: 0 })
  return [`fewer attempts than the faults call for: ${figures}; ${stopped ?? 'retries were suppressed, or failures are fewer'}`]
}

function inLatency({ slowest, success }: Predicted, seen: Records): string[] {
  if (slowest === null || success === null) return []
  const beyond = seen.filter(({ due, end }) => end === null || end - due > slowest + LATENCY_SLACK_MS)
  if (beyond.length <= Math.max(1, seen.length / 100)) return []
  const why =
    known('these', hindrances(beyond, ANY, LATENCY_SLACK_MS)) ??
    'they waited for something that is not in it, such as a connection or a worker'
  return [
    `slower than the limits and faults explain: ${count(beyond.length)} of ${plural(seen.length, 'request')} took longer than ${duration(slowest)}, the worst case by arithmetic; ${why}`,
  ]
}
