import type { LatencyHistogram } from '../statistics/latency-histogram.ts'
import { quantileNeeded } from '../statistics/needed.ts'
import { type SurvivalStep, survival } from '../statistics/survival.ts'
import type { Traffic } from './survey.ts'

/** Shares of false timeouts that the curve is told at. */
const CURVE = [0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001]
/** Envoy's default back-off: 25 ms doubled with each retry, at most ten times that, each drawn from 0 up to it. */
const BASE_MS = 25
const MOST_BACK_OFF_MS = 250
/** `%DURATION%` is in whole ms, rounded down. */
const ROUNDED_OFF_MS = 1
/** What a limit may be: loose round numbers, in each power of ten. */
const ROUND = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10]

export interface Limit {
  /** The share of requests that would be cut although the upstream would have served them. */
  rate: number
  /** The length beyond which that share lies, in ms; null where the log does not reach so far. */
  estimate: number | null
  /** The length beyond which at most that share lies, at 97.5 %; null where the samples do not show any. */
  safe: number | null
}

export interface Proposal {
  /** For a request without retries. */
  whole: Limit
  try: Limit
  curve: Limit[]
  retries: number
  /** Of `timeout` and `per_try_timeout`, in ms, rounded up; null where the log does not answer. Without retries there is no second. */
  timeout: number | null
  perTry: number | null
  /** Requests that the rate takes at least, where none is cut. */
  needed: number
  samples: number
  /** The share of all with a duration that ended before their answer. */
  cutShare: number
}

/**
 * Limits of time under which at most the share `rate` would be cut in vain.
 * @param retries - `num_retries`: the timeout lets each of the tries and the waits between them come to an end
 */
export function propose(traffic: Traffic, rate: number, retries: number): Proposal {
  const steps = survival(traffic.served, traffic.cut)
  const tries = survival(traffic.servedTries, traffic.cutTries)
  const whole = limitAt(steps, rate)
  const one = limitAt(tries, rate)
  const perTry = retries === 0 || one.safe === null ? null : roundUp(one.safe)
  const single = whole.safe === null ? null : roundUp(whole.safe)
  const samples = all(traffic.served, traffic.cut)
  return {
    whole,
    try: one,
    curve: CURVE.map((share) => limitAt(steps, share)),
    retries,
    perTry,
    timeout: retries === 0 ? single : perTry === null ? null : roundUp((retries + 1) * perTry + longestBackOff(retries)),
    needed: quantileNeeded(1 - rate, 'above'),
    samples,
    cutShare: samples === 0 ? 0 : traffic.cut.count / samples,
  }
}

const all = (...histograms: LatencyHistogram[]) => histograms.reduce((sum, { count }) => sum + count, 0)

function limitAt(steps: readonly SurvivalStep[], rate: number): Limit {
  const after = (step: SurvivalStep | undefined) => (step === undefined ? null : step.ms + ROUNDED_OFF_MS)
  return {
    rate,
    estimate: after(steps.find(({ share }) => share <= rate)),
    safe: after(steps.find(({ atMost }) => atMost <= rate)),
  }
}

/** All waits between the tries, each as long as it can be. */
export function longestBackOff(retries: number): number {
  let ms = 0
  for (let n = 1; n <= retries; n++) ms += Math.min(BASE_MS * 2 ** (n - 1), MOST_BACK_OFF_MS)
  return ms
}

/** The next loose round number of ms: 83 becomes 100, 1300 becomes 1500. */
export function roundUp(ms: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, ms)))
  return (ROUND.find((round) => round * power >= ms - 1e-9) as number) * power
}
