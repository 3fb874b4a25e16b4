import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { MEASURED_ENVOY } from '../envoy/measured.ts'
import { ChaosError, EXIT, type ExitCode } from '../errors.ts'
import { Live } from '../live/live.ts'
import type { MetricsServer } from '../live/metrics-server.ts'
import type { PageServer } from '../live/page-server.ts'
import { bothWatch, type RunWatcher } from '../live/run-watcher.ts'
import { type Prepared, type PrepareOptions, prepare } from '../prepare.ts'
import type { EndingSignal, FinishedRun } from '../report/finished-run.ts'
import { wrap } from '../report/layout.ts'
import { type Paper, paper } from '../report/paper.ts'
import { predictionLines } from '../report/prediction-lines.ts'
import { renderTotal } from '../report/total.ts'
import { checkResultsFolder, openResultsFolder, type ResultsFolder } from '../results-folder.ts'
import { Interrupt, run } from '../run.ts'
import { linkText, tell, terminalOf } from '../terminal.ts'
import { repeatCommand } from './repeat.ts'
import { chooseRuntime, makeAnyReady, makeReady, type RuntimeFlag } from './runtime.ts'
import { openScreen } from './screen.ts'

export interface RunFlags {
  out?: string
  seed?: number
  envoy?: string
  runtime: RuntimeFlag
  allowTarget?: string
  metricsPort?: number
  ui?: boolean
  uiPort?: number
  uiStay?: boolean
  quiet?: boolean
  color: boolean
}

interface World {
  version: string
  env: NodeJS.ProcessEnv
}

/** Checks every file before the first is run, runs them one after the other, and says how all of them together ended. */
export async function runCommand(files: readonly string[], flags: RunFlags, world: World): Promise<ExitCode> {
  try {
    return await runAll(files, flags, world)
  } catch (error) {
    if (error instanceof ChaosError) (await gitHub(world))?.onError(error)
    throw error
  }
}

/** Loaded only where it is. */
const gitHub = async ({ env }: World) => (env.GITHUB_ACTIONS === undefined ? undefined : (await import('./github.ts')).gitHubOf(env))

async function runAll(files: readonly string[], flags: RunFlags, world: World): Promise<ExitCode> {
  const { runtime, ...others } = flags
  if (runtime === 'docker' && flags.envoy !== undefined) {
    throw new ChaosError('badInput', '--envoy names a program, and --runtime docker runs Envoy from an image', {
      hint: 'leave one of them out, or name an image with CHAOS_ENVOY_IMAGE',
    })
  }
  if (wantsPage(flags) && files.length > 1) {
    throw new ChaosError('badInput', `--ui shows one scenario, and these are ${files.length}`, {
      hint: 'run them one by one, or leave --ui out: each has its report.html',
    })
  }
  const prepared = prepareAll(files, { ...others, ...(runtime === 'process' ? { runtime } : {}), path: world.env.PATH })
  refuseLacking(prepared)
  const names = distinct(prepared.map((one) => slug(one.scenario.file)))
  const outs = names.map((name) => (flags.out === undefined || names.length === 1 ? flags.out : join(flags.out, name)))
  for (const out of outs) if (out !== undefined) checkResultsFolder(out)
  const page = await servePage(flags)
  const metrics = await serveMetrics(flags).catch((error: unknown) => {
    page?.close()
    throw error
  })
  const interrupted = new AbortController()
  const release = onSignals((signal) => {
    if (interrupted.signal.aborted) {
      // A terminal that closes may say so twice, by its shell and by the kernel: nobody has asked for haste.
      if (signal === 'SIGHUP') return
      // The second one does not wait: guards end whatever runs.
      process.exit(EXIT_OF[signal])
    }
    tell(process.stderr, '\nchaos: ending the run; what was seen so far is written (once more ends at once)\n')
    interrupted.abort(new Interrupt(signal))
  })
  try {
    // Not the whole runs: their evidence would fill the memory.
    const finished: Pick<FinishedRun, 'scenario' | 'ended' | 'verdict'>[] = []
    for (const [i, one] of prepared.entries()) {
      const folder = openResultsFolder(outs[i], names[i] as string, new Date())
      const place = prepared.length === 1 ? null : { index: i, count: prepared.length }
      const { scenario, ended, verdict } = await runOne(one, place, folder, flags, { ...world, metrics, page }, interrupted.signal)
      finished.push({ scenario, ended, verdict })
      if (interrupted.signal.aborted) break
    }
    if (prepared.length > 1) tell(process.stdout, `\n${renderTotal(finished, terminalOf(process.stdout, flags.color))}\n`)
    // Also where it came after the last request: files may be left that were not run.
    if (interrupted.signal.aborted) return EXIT_OF[(interrupted.signal.reason as Interrupt).signal]
    const code = worst(finished.map(exitCodeOf))
    if (page !== undefined && flags.uiStay) {
      metrics?.close()
      release()
      await stay(page)
    }
    return code
  } finally {
    release()
    metrics?.close()
    page?.close()
  }
}

async function runOne(
  prepared: Prepared,
  place: { index: number; count: number } | null,
  folder: ResultsFolder,
  flags: RunFlags,
  world: World & { metrics: MetricsServer | undefined; page: PageServer | undefined },
  signal: AbortSignal,
): Promise<FinishedRun> {
  const screen = flags.quiet ? null : await openScreen(flags.color)
  const warnings = prepared.warnings.map(({ line, message }) => `line ${line}: ${message}`)
  if (screen) {
    const sheet = paper({ color: screen.color, width: screen.size().width }, prepared.scenario)
    screen.print(wrap(titleLine(prepared, place, sheet), sheet.width).join('\n'))
    for (const line of predictionLines(prepared.prediction, sheet)) screen.print(line)
  }
  const chosen = chooseRuntime(prepared.scenario, flags.runtime)
  const inDocker = (why: string) => screen?.print(`chaos: runs in Docker: ${why}`)
  if (chosen.why !== undefined) inDocker(chosen.why)
  const metrics = world.metrics?.begin(prepared, { run: folder.id, chaosVersion: world.version, env: world.env })
  const page = world.page?.begin(prepared, { id: folder.id, env: world.env })
  const shown = new Live(prepared.scenario, prepared.plan, screen, place)
  const watchers = [metrics, page].filter((each) => each !== undefined)
  const finished = await run(prepared, {
    chaosVersion: world.version,
    folder,
    live: watchers.reduce<RunWatcher>((one, other) => bothWatch(one, other), shown),
    command: repeatCommand(prepared, flags),
    warnings,
    env: world.env,
    signal,
    runtime: chosen.name,
    async makeReady(stop) {
      const needs = { envoy: flags.envoy, env: world.env, signal: stop, onProgress: (text: string) => screen?.redraw(text) }
      const isChosen = chosen.name === 'docker' || flags.runtime === 'process'
      const ready = await (isChosen ? makeReady(chosen.name, needs) : makeAnyReady(needs, inDocker))
      if (metrics) metrics.runtime = ready.name
      return ready
    },
    onEnvoyVersion(version) {
      if (metrics) metrics.envoyVersion = version
      if (version === MEASURED_ENVOY) return
      warnings.push(`this is Envoy ${version}; chaos was measured with ${MEASURED_ENVOY}, and counters or log fields may differ`)
    },
  })
  const [{ completeFolder }, { renderSummary }] = await Promise.all([import('../write-reports.ts'), import('../report/summary.ts')])
  const outcome = await completeFolder(folder, finished, world.env).then(
    () => finished,
    (error: unknown) => unwritten(finished, error),
  )
  tell(process.stdout, `${renderSummary(outcome, terminalOf(process.stdout, flags.color))}\n`)
  ;(await gitHub(world))?.onRun(outcome)
  // Where there is no report the page says that nothing is heard any more.
  if (outcome === finished) await world.page?.show(readFileSync(join(folder.path, 'report.html'), 'utf8'))
  return outcome
}

/** Loaded only where it was asked for. @throws ChaosError where the port cannot be had */
async function serveMetrics({ metricsPort }: RunFlags): Promise<MetricsServer | undefined> {
  if (metricsPort === undefined) return undefined
  const { MetricsServer } = await import('../live/metrics-server.ts')
  const server = await MetricsServer.listen(metricsPort)
  tell(process.stderr, `chaos: metrics while the run goes on: ${server.url}\n`)
  return server
}

const wantsPage = ({ ui, uiPort, uiStay }: RunFlags) => ui === true || uiPort !== undefined || uiStay === true

/** Loaded only where it was asked for. @throws ChaosError where the port cannot be had */
async function servePage(flags: RunFlags): Promise<PageServer | undefined> {
  if (!wantsPage(flags)) return undefined
  const [{ PageServer }, { pageTemplate }] = await Promise.all([import('../live/page-server.ts'), import('../page-template.ts')])
  const server = await PageServer.listen(flags.uiPort ?? 0, pageTemplate())
  tell(process.stderr, `chaos: the run as a page: ${linkText(process.stderr, server.url)}\n`)
  return server
}

/** The report is there until a signal comes; which one does not matter to how the run ended. */
async function stay(page: PageServer): Promise<void> {
  tell(process.stderr, `chaos: the report stays at ${linkText(process.stderr, page.url)} until Ctrl-C\n`)
  const ended = new AbortController()
  const release = onSignals(() => ended.abort())
  await page.stay(ended.signal)
  release()
}

/** `chaos: scenario 2 of 5: retries hide a brownout (seed 1, through the app)` */
function titleLine({ scenario, plan }: Prepared, place: { index: number; count: number } | null, { say }: Paper): string {
  const which = place === null ? '' : `scenario ${place.index + 1} of ${place.count}: `
  return `chaos: ${which}${say(scenario.name)} (seed ${plan.seed}${plan.app === undefined ? '' : ', through the app'})`
}

/** A run whose reports the disk did not take. What ended it before that says more. */
function unwritten(finished: FinishedRun, error: unknown): FinishedRun {
  if (!(error instanceof ChaosError)) throw error
  if (finished.ended) return finished
  const ended = { by: 'environment', message: error.message, hint: error.hint ?? null, detail: error.detail } as const
  return { ...finished, ended, verdict: { ...finished.verdict, status: 'error' } }
}

/** All problems of all files at once. */
function prepareAll(files: readonly string[], flags: PrepareOptions): Prepared[] {
  const problems: ChaosError[] = []
  const prepared = files.flatMap((file) => {
    try {
      return [prepare(file, flags)]
    } catch (error) {
      if (!(error instanceof ChaosError)) throw error
      problems.push(error)
      return []
    }
  })
  const [only] = problems
  if (only && problems.length === 1) throw only
  if (problems.length > 1) {
    throw new ChaosError('badInput', `${problems.length} of ${files.length} scenarios cannot be run as they are`, {
      problems: problems.flatMap((error) => error.problems),
      detail: problems.filter((error) => error.problems.length === 0).map((error) => error.message),
    })
  }
  return prepared
}

/** What Envoy and the stubs would be started for in vain. */
function refuseLacking(prepared: readonly Prepared[]): void {
  const problems = prepared.flatMap(({ lacking }) => lacking ?? [])
  if (problems.length > 0) throw new ChaosError('environment', 'the app cannot be started here', { problems })
}

export function exitCodeOf({ ended, verdict }: Pick<FinishedRun, 'ended' | 'verdict'>): ExitCode {
  if (ended?.by === 'interrupt') return EXIT_OF[ended.signal]
  if (ended) return EXIT.environment
  return verdict.status === 'pass' ? EXIT.pass : verdict.status === 'fail' ? EXIT.expectationFailed : EXIT.inconclusive
}

const EXIT_OF = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated, SIGHUP: EXIT.hungUp } as const satisfies Record<
  EndingSignal,
  ExitCode
>

/** Of several runs: what failed, then what could not be run, then what could not be decided. */
const SEVERITY: readonly ExitCode[] = [EXIT.expectationFailed, EXIT.environment, EXIT.inconclusive]

function worst(codes: readonly ExitCode[]): ExitCode {
  return SEVERITY.find((code) => codes.includes(code)) ?? EXIT.pass
}

function onSignals(handler: (signal: EndingSignal) => void): () => void {
  const signals = Object.keys(EXIT_OF) as EndingSignal[]
  for (const signal of signals) process.on(signal, handler)
  return () => {
    for (const signal of signals) process.off(signal, handler)
  }
}

/** `a, a` becomes `a, a-2`: files of one name in several folders each get their results. */
function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>()
  for (const name of names) {
    let free = name
    for (let n = 2; taken.has(free); n++) free = `${name}-${n}`
    taken.add(free)
  }
  return [...taken]
}

function slug(file: string): string {
  return (
    basename(file)
      .replace(/\.ya?ml$/i, '')
      .replace(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^[.-]+/, '') || 'scenario'
  )
}
