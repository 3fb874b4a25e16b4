import { ChaosError } from './errors.ts'
import type { Live } from './live.ts'
import type { Observations } from './observe/observations.ts'
import { isStraight } from './plan/plan.ts'
import type { Prepared } from './prepare.ts'
import type { Ended, EndingSignal, FinishedRun } from './report/finished-run.ts'
import type { ResultsFolder } from './results-folder.ts'
import type { FoundEnvoy } from './topology/envoy-binary.ts'
import { startProcesses } from './topology/process.ts'

export interface RunOptions {
  chaosVersion: string
  folder: ResultsFolder
  live: Live
  /** argv that repeats the run. */
  command: readonly string[]
  warnings: readonly string[]
  /** What the app inherits. */
  env: NodeJS.ProcessEnv
  findEnvoy(signal: AbortSignal): Promise<FoundEnvoy>
  /** Aborted with the `Interrupt` that came. */
  signal: AbortSignal
}

/** Why a run was cut short by its user. */
export class Interrupt extends Error {
  readonly signal: EndingSignal
  constructor(signal: EndingSignal) {
    super(`interrupted by ${signal}`)
    this.signal = signal
  }
}

/**
 * The whole run:
 *
 *     scenario, plan → topology ⇄ faults + load → evidence → observations → verdict
 *
 * However it ends, it returns what was seen, and nothing it started is left.
 */
export async function run({ scenario, plan, prediction }: Prepared, options: RunOptions): Promise<FinishedRun> {
  const { folder, live, signal } = options
  const startedAt = new Date()
  const clock = performance.now()
  let envoy: FoundEnvoy | null = null
  let observations: Observations | null = null
  let ended: Ended | null = null

  try {
    envoy = await options.findEnvoy(signal)
    const where = { envoy: envoy.path, directory: folder.path, env: options.env }
    const topology = await startProcesses(scenario, plan, { ...where, signal, onStarted: () => void loadTheRest().catch(() => {}) })
    try {
      const stage = {
        onPhase: (index: number) => live.onPhase(index),
        onStats: (at: number, stats: Record<string, number>) => folder.writeStats(at, stats),
        watcher: live,
      }
      const { conduct, observe } = await loadTheRest()
      const { stopped, ...conducted } = await conduct(topology, plan, stage, signal)
      live.end()
      const logs = await topology.collect()
      // It goes on while the evidence is put together.
      topology.stop().catch(() => {})
      observations = observe(plan, { ...conducted, logs })
      if (stopped !== null) ended = endedBy(stopped)
    } finally {
      await topology.stop()
    }
  } catch (error) {
    ended = endedBy(signal.aborted ? signal.reason : error)
  }
  live.end()

  const { judge } = await loadTheRest()
  const verdict = judge(scenario, plan, observations ?? { records: [], foreignCalls: 0, phases: [], faults: [], unsound: [], notes: [] })
  return {
    id: folder.id,
    chaosVersion: options.chaosVersion,
    scenario,
    plan,
    prediction,
    observations,
    verdict: ended ? { ...verdict, status: 'error' } : verdict,
    ended,
    startedAt: startedAt.toISOString(),
    durationMs: performance.now() - clock,
    loadMs: observations?.phases.at(-1)?.to ?? 0,
    runtime: 'process',
    envoy: envoy && { path: envoy.path, version: envoy.version ?? null, source: envoy.source },
    warnings: [...options.warnings, ...(wentPast(plan, observations) ? [PAST_ENVOY] : []), ...(observations?.notes ?? [])],
    command: options.command,
    directory: folder.path,
  }
}

/**
 * What a run needs once its topology stands: loaded while that comes up, and whole before the load begins, since loading
 * would make the generator late.
 */
async function loadTheRest() {
  const [{ conduct }, { observe }, { judge }] = await Promise.all([
    import('./conduct.ts'),
    import('./observe/observe.ts'),
    import('./verdict/judge.ts'),
    import('./write-reports.ts'),
  ])
  return { conduct, observe, judge }
}

const PAST_ENVOY = 'no request came through Envoy: what the client saw is judged, but nothing of policy or faults was in play'

/** An app, or a target of the user's own, may not call Envoy at all. */
function wentPast(plan: Prepared['plan'], observations: Observations | null): boolean {
  return !isStraight(plan) && observations?.records.every((record) => record.calls.length === 0) === true && observations.foreignCalls === 0
}

/** What cut a run short, for the report. An error of ours that is no `ChaosError` is a bug: it goes on as it is. */
function endedBy(reason: unknown): Ended {
  if (reason instanceof Interrupt) return { by: 'interrupt', signal: reason.signal }
  if (reason instanceof ChaosError) return { by: 'environment', message: reason.message, hint: reason.hint ?? null, detail: reason.detail }
  throw reason
}
