import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Stage } from './conduct.ts'
import { ChaosError } from './errors.ts'
import { describeRun, masked } from './evidence/describe-run.ts'
import { hideSecrets } from './evidence/hide-secrets.ts'
import type { StoredRun } from './evidence/stored-run.ts'
import { collectGarbage, keepOldSpaceLean } from './lean-heap.ts'
import type { RunWatcher } from './live/run-watcher.ts'
import type { RawEvidence } from './observe/observe.ts'
import type { Prepared } from './prepare.ts'
import { Recorder } from './recorder.ts'
import type { Ended, EndingSignal, FinishedRun } from './report/finished-run.ts'
import { masker, secretValues } from './report/mask.ts'
import type { ResultsFolder } from './results-folder.ts'
import { describeLogs } from './stored-evidence.ts'
import type { Runtime } from './topology/topology.ts'
import { plural } from './value/show.ts'

export interface RunOptions {
  chaosVersion: string
  folder: ResultsFolder
  live: RunWatcher
  /** argv that repeats the run. */
  command: readonly string[]
  warnings: readonly string[]
  /** What the app inherits. */
  env: NodeJS.ProcessEnv
  /** The way that the run is to go; another one where that cannot be had. */
  runtime: Runtime['name']
  /** Finds what it needs, or fetches it. */
  makeReady(signal: AbortSignal): Promise<Runtime>
  /** Called when the Envoy of the run takes requests. */
  onEnvoyVersion(version: string): void
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

/** After fewer requests there is little garbage, and to collect it takes 20 ms. */
const LONG_LOAD = 10_000

/**
 * The whole run:
 *
 *     scenario, plan → topology ⇄ faults + load → evidence on disk → observations → verdict
 *
 * However it ends, what was seen is stored and returned, and nothing it started is left.
 */
export async function run(prepared: Prepared, options: RunOptions): Promise<FinishedRun> {
  const { folder, live, signal } = options
  const mask = masker(secretValues(prepared.scenario, options.env))
  const hidden = hideSecrets(prepared.scenario, options.env)
  keepOldSpaceLean()
  const clock = performance.now()
  let begun = describeRun(prepared, { ...options, startedAt: new Date() }, { document: hidden.document, mask })
  let envoy: Runtime['envoy'] | null = null
  let played: Awaited<ReturnType<typeof play>> | null = null
  let ended: Ended | null = null
  /** Whatever follows from a folder that another run has taken over in the middle is told as that, and is no bug. */
  const endedIn = (error: unknown): Ended => {
    try {
      folder.assertOurs()
    } catch (lost) {
      return endedBy(lost)
    }
    return endedBy(error)
  }
  const attempt = <T>(action: () => T): T | null => {
    try {
      return action()
    } catch (error) {
      ended ??= endedIn(error)
      return null
    }
  }
  try {
    folder.writeEvidence({ ...begun, end: null })
    const runtime = await options.makeReady(signal)
    begun = { ...begun, runtime: runtime.name }
    envoy = runtime.envoy
    played = await play(prepared, runtime, hidden.text, options)
    envoy = { ...envoy, version: played.version }
    if (played.stopped !== null) ended = endedBy(played.stopped)
  } catch (error) {
    ended = signal.aborted ? endedBy(signal.reason) : endedIn(error)
  }
  live.end()
  const end = {
    load: played?.load ?? null,
    duration_ms: performance.now() - clock,
    // Those of the scenario were there from the beginning.
    warnings: [...options.warnings.slice(begun.warnings.length), ...heldTold(played?.heldCalls ?? 0)].map(mask),
    envoy: envoy && { path: envoy.path, version: envoy.version, source: envoy.source },
    files: played?.files ?? describeLogs(folder.path),
  }
  const stored = (): StoredRun => ({ ...begun, end: { ...end, ended: masked(ended, mask) } })
  attempt(() => folder.writeEvidence(stored()))
  const { judgeStored } = await loadTheRest()
  if ((played?.load.requests ?? 0) > LONG_LOAD) {
    // What ended just now is still held until the next turn, the record of the client with it.
    await nextTurn()
    collectGarbage()
  }
  const judged = (raw: RawEvidence | null) => judgeStored(stored(), { id: folder.id, directory: folder.path }, prepared, raw)
  const withAnswers = (raw: RawEvidence | null) => {
    // Claims on answers are judged by what really came, which is stored without secrets.
    if (raw && played) Object.assign(raw.client.answers, played.contents)
    return judged(raw)
  }
  const finished = attempt(() => folder.withEvidence(stored(), prepared.plan, withAnswers)) ?? judged(null)
  await played?.gone
  return finished
}

function heldTold(calls: number): string[] {
  if (calls === 0) return []
  const one = calls === 1
  return [
    `${plural(calls, 'call')} of the app to Envoy ${one ? 'was' : 'were'} still open when its callers had long gone, and ended with the app: it gives ${one ? 'it' : 'them'} up much later than they do, or never`,
  ]
}

/** Starts the topology and plays the load on it; what was seen is in the folder then. */
async function play({ scenario, plan }: Prepared, runtime: Runtime, hide: (text: string) => string, options: RunOptions) {
  const { folder, live, env, signal } = options
  const recorder = new Recorder(folder.path, hide)
  try {
    const topology = await runtime.start(scenario, plan, {
      directory: folder.path,
      env,
      signal,
      onStarted: () => void loadTheRest().catch(() => {}),
    })
    try {
      const { conduct } = await loadTheRest()
      const version = runtime.envoy.version ?? (await topology.envoyVersion())
      options.onEnvoyVersion(version)
      const { stopped, client, last, heldCalls } = await conduct(topology, plan, stageOf({ folder, live, recorder }), signal)
      live.end()
      const [journalLines] = await Promise.all([topology.flushLogs(), recorder.close()])
      const load = { requests: client.count, clock_shift_ms: client.clockShift, journal_lines: journalLines, last }
      const files = describeLogs(folder.path)
      // It goes on while the evidence is put together.
      const gone = topology.stop()
      gone.catch(() => {})
      return {
        version,
        stopped,
        load,
        heldCalls,
        contents: { bodies: client.answers.bodies, headers: client.answers.headers },
        files,
        gone,
      }
    } catch (error) {
      await topology.stop()
      throw error
    }
  } finally {
    await recorder.close()
  }
}

/**
 * What a run needs once its topology stands: loaded while that comes up, and whole before the load begins, since loading
 * would make the generator late.
 */
async function loadTheRest() {
  const [{ conduct }, { judgeStored }] = await Promise.all([
    import('./conduct.ts'),
    import('./evidence/judge-stored.ts'),
    import('./write-reports.ts'),
  ])
  return { conduct, judgeStored }
}

function stageOf({ folder, live, recorder }: { folder: ResultsFolder; live: RunWatcher; recorder: Recorder }): Stage {
  return {
    onPhase: (index) => live.onPhase(index),
    onStep: (percents) => live.onStep(percents),
    onPhaseOver: (times) => recorder.onPhaseOver(times),
    onStats(at, stats) {
      folder.writeStats(at, stats)
      live.onStats(stats)
    },
    watcher: {
      onLog(log) {
        recorder.onLog(log)
        live.onLog(log)
      },
      onSent: (index) => live.onSent(index),
      onEnd(index, latencyMs, success) {
        recorder.onEnd(index)
        live.onEnd(index, latencyMs, success)
      },
    },
  }
}

/** What cut a run short, for the report. An error of ours that is no `ChaosError` is a bug: it goes on as it is. */
function endedBy(reason: unknown): Ended {
  if (reason instanceof Interrupt) return { by: 'interrupt', signal: reason.signal }
  if (reason instanceof ChaosError) return { by: 'environment', message: reason.message, hint: reason.hint ?? null, detail: reason.detail }
  throw reason
}
