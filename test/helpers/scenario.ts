import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inject } from 'vitest'
import { parse } from 'yaml'
import { type Conducted, conduct } from '../../src/conduct.ts'
import type { Address } from '../../src/envoy/addresses.ts'
import type { Bootstrap } from '../../src/envoy/bootstrap.ts'
import type { StatsSnapshot } from '../../src/envoy/stats.ts'
import { ChaosError } from '../../src/errors.ts'
import { LOGS } from '../../src/evidence/stored-run.ts'
import type { Observations } from '../../src/observe/observations.ts'
import { observe, type RawEvidence } from '../../src/observe/observe.ts'
import type { LogLines } from '../../src/observe/parse-logs.ts'
import { type Attempt, attemptsOf, type Call, type RequestRecord } from '../../src/observe/record.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import type { OpenLoad, Plan } from '../../src/plan/plan.ts'
import { parseScenario } from '../../src/scenario/parse.ts'
import type { Scenario } from '../../src/scenario/scenario.ts'
import { startProcesses } from '../../src/topology/process.ts'
import { judge } from '../../src/verdict/judge.ts'
import type { Outcome } from '../../src/verdict/verdict.ts'

/** What a test may do to a run. */
export interface Tampering {
  /** Ports that the cluster under test connects to instead of a replica's hop, by replica key (`inventory/1`), or a hop instead of its stub (`stub/inventory/1`). */
  connectTo?: Readonly<Record<string, number>>
  /** Runs beside the load; `at(ms)` resolves at that time of the load. */
  meanwhile?(world: {
    admin: Address
    entrance: Address
    bootstrap: Bootstrap
    plan: Plan
    at(ms: number): Promise<void>
  }): Promise<void> | void
}

/** All that a run of a scenario left behind. */
export interface Ran {
  scenario: Scenario
  plan: Plan
  observations: Observations
  /** Those of the observations, each with the parts of its only call. */
  records: readonly StraightRecord[]
  conducted: Conducted
  /** The raw logs, so that a test can spoil them and observe again. */
  logs: WholeLogs
  /** Envoy's stats while the load ran, when they were asked for, and when they had come. */
  scrapes: { at: number; come: number; stats: StatsSnapshot }[]
  /** Envoy's stats as they were at the end; a missing name is 0. */
  stat(name: string): number
  bootstrap: Bootstrap
}

/** A request that went straight to Envoy, and so made one call: with its parts at hand. */
export type StraightRecord = RequestRecord & Omit<Call, 'egress'> & { egress: Call['egress'] | null }

function straight(record: RequestRecord): StraightRecord {
  const [call] = record.calls
  return { ...record, egress: call?.egress ?? null, attempts: attemptsOf(record), ingressFaults: call?.ingressFaults ?? [] }
}

/** Reads a scenario of a test: `name` and `expect` may be left out, since nothing here is judged. */
export function scenarioOf(yaml: string): Scenario {
  const text = [
    yaml,
    ...(/^name:/m.test(yaml) ? [] : ['name: a test']),
    ...(/^expect:/m.test(yaml) ? [] : ['expect: [{ p50: "<= 1m" }]']),
  ].join('\n')
  try {
    return parseScenario(text, 'test.yaml', () => {
      throw new Error('a scenario of these tests names no file')
    })
  } catch (error) {
    if (!(error instanceof ChaosError)) throw error
    throw new Error(error.problems.map((problem) => `${problem.message}\n${problem.frame}`).join('\n'), { cause: error })
  }
}

/** Later than this, in ms, a hundredth of what generator, Envoy and stubs do is only where they do not get a CPU; else it is 2 to 3 ms. */
const BUSY_MS = 20
/** A test of a system is no test of the machine: a run that says that it was disturbed is run again, so often at most. */
const AGAIN_DISTURBED = 2
/** So is one that chance made another than was asked, by its own word. */
const AGAIN_UNLUCKY = 2

/** Plans the scenario, starts the real topology, plays it, stops everything, and says what was seen while the machine had time for it. */
export async function runScenario(yaml: string, tampering: Tampering = {}): Promise<Ran> {
  const left = { disturbed: AGAIN_DISTURBED, unlucky: AGAIN_UNLUCKY }
  for (;;) {
    const ran = await runOnce(yaml, tampering)
    if (wasUnlucky(ran.observations) && left.unlucky > 0) left.unlucky--
    else if (wasDisturbed(ran.observations) && left.disturbed > 0) left.disturbed--
    else return ran
  }
}

function wasDisturbed({ records, phases }: Observations): boolean {
  // One that meets the faults of the next phase is normal at an edge.
  if (records.filter(({ stray }) => stray).length > 1) return true
  return phases.some(
    ({ stalls, lateness, envoyLag, stubLag }) => stalls.length > 0 || Math.max(lateness.p99, envoyLag.p99, stubLag.p99) > BUSY_MS,
  )
}

/**
 * Envoy draws without a seed, and one sound fault in a thousand is doubted, a ramp for its halves, too: one in a billion, three
 * runs in a row. What is doubted for another reason is a finding of the test.
 */
const wasUnlucky = ({ faults }: Observations) =>
  faults.some(({ doubt }) => /missed its share: (?!100 %)|did not follow its ramp|never fired: .*, none met it/.test(doubt ?? ''))

async function runOnce(yaml: string, tampering: Tampering): Promise<Ran> {
  const scenario = scenarioOf(yaml)
  const plan = compilePlan(scenario)
  const directory = mkdtempSync(join(tmpdir(), 'chaos-test-'))
  const { signal } = new AbortController()
  try {
    const envoy = tampering.connectTo ? rewiredEnvoy(directory, tampering.connectTo) : inject('envoy')
    const topology = await startProcesses(scenario, plan, { envoy, directory, env: process.env, signal })
    try {
      const bootstrap = parse(readFileSync(join(directory, 'envoy.yaml'), 'utf8')) as Bootstrap
      const { address, port_value } = bootstrap.admin.address.socket_address
      const begun = Promise.withResolvers<number>()
      const scrapes: Ran['scrapes'] = []
      let zero: number | undefined
      const stage = {
        onPhase(index: number) {
          if (index !== 0) return
          zero = performance.now()
          begun.resolve(zero)
        },
        onStep: () => {},
        onPhaseOver: () => {},
        onStats: (at: number, stats: StatsSnapshot) =>
          scrapes.push({ at, come: zero === undefined ? at : Math.max(at, performance.now() - zero), stats }),
        watcher: { onLog: () => {}, onSent: () => {}, onEnd: () => {} },
      }
      const at = async (ms: number) => {
        const zero = await begun.promise
        await new Promise((resolve) => setTimeout(resolve, zero + ms - performance.now()))
      }
      const [conducted] = await Promise.all([
        conduct(topology, plan, stage, signal),
        tampering.meanwhile?.({ admin: { host: address, port: port_value }, entrance: topology.entrance, bootstrap, plan, at }),
      ])
      if (conducted.stopped !== null) throw conducted.stopped
      const logs = readLogs(directory, await topology.flushLogs())
      const observations = observe(plan, { ...conducted, logs: inOneLot(logs) })
      const stat = (name: string) => conducted.last[name] ?? 0
      return {
        scenario,
        plan,
        observations,
        records: Array.from(observations.records, straight),
        conducted,
        logs,
        scrapes,
        stat,
        bootstrap,
      }
    } finally {
      await topology.stop()
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/**
 * What the run says of its claims, whatever the machine was busy with meanwhile: a test of claims is no test of the
 * machine. Shares and counts stay as they were seen.
 */
export function judgedCalmly({ scenario, plan, observations }: Ran): readonly Outcome[] {
  const none = { p99: 0, max: 0 }
  const phases = observations.phases.map((phase) => ({ ...phase, lateness: none, envoyLag: none, stubLag: none, stalls: [] }))
  return judge(scenario, plan, { ...observations, phases }).outcomes
}

/** Observes the run again, from logs that a test has spoilt. */
export function observeSpoilt({ plan, conducted, logs }: Ran, spoilt: Partial<WholeLogs>): Observations {
  return observe(plan, { ...conducted, logs: inOneLot({ ...logs, ...spoilt }) })
}

/** The texts of all logs, and how many journal lines the stubs say they wrote. */
export type WholeLogs = Record<keyof LogLines, string> & { outlier: string; journalLines: number }

const inOneLot = (logs: WholeLogs): RawEvidence['logs'] => ({
  lots: [linesOf(logs)],
  outlier: logs.outlier,
  journalLines: logs.journalLines,
})

export function linesOf({ egress, attempts, hop, journal }: WholeLogs): LogLines {
  const lines = (text: string) => text.split('\n').filter((line) => line !== '')
  return { egress: lines(egress), attempts: lines(attempts), hop: lines(hop), journal: lines(journal) }
}

function readLogs(directory: string, journalLines: number | null): WholeLogs {
  const text = (name: keyof LogLines | 'outlier') => readFileSync(join(directory, 'logs', LOGS[name]), 'utf8')
  const journal = text('journal')
  return {
    egress: text('egress'),
    attempts: text('attempts'),
    hop: text('hop'),
    journal,
    outlier: text('outlier'),
    journalLines: journalLines ?? 0,
  }
}

const REWIRE = fileURLToPath(new URL('rewire.ts', import.meta.url))

/** A program that starts Envoy with clusters that connect elsewhere. */
function rewiredEnvoy(directory: string, ports: Readonly<Record<string, number>>): string {
  const program = join(directory, 'envoy')
  const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
  const rewire = [process.execPath, '--disable-warning=ExperimentalWarning', REWIRE].map(quoted).join(' ')
  writeFileSync(
    program,
    `#!/bin/sh
config=
for word in "$@"; do
  [ "$config" != next ] || config=$word
  [ "$word" != -c ] || config=next
done
${rewire} "$config" ${quoted(JSON.stringify(ports))} || exit 1
exec ${quoted(inject('envoy'))} "$@"
`,
    { mode: 0o700 },
  )
  return program
}

/** The phase counters of `upstream_rq_*` and the like: what a counter gained over the whole run. */
export const clusterStat = (ran: { stat(name: string): number }, cluster: string, name: string) => ran.stat(`cluster.${cluster}.${name}`)

/** The load of a plan that is an open loop. */
export function openLoadOf({ load }: Plan): OpenLoad {
  if (load.kind !== 'open') throw new Error(`expected an open loop, got a ${load.kind} one`)
  return load
}

/** The records of one kind of request, by its path. */
export const to = ({ plan, records }: Pick<Ran, 'plan' | 'records'>, path: string) =>
  records.filter((record) => plan.requests[record.request]?.path === path)

/** Ms between the end of each attempt and the start of the next. */
export function gapsBetween(attempts: readonly Attempt[]): number[] {
  return attempts.slice(1).map((attempt, i) => {
    const before = attempts[i] as Attempt
    return attempt.start - (before.start + before.durationMs)
  })
}

export type { Attempt, RequestRecord, StatsSnapshot }

/** The largest number of intervals that share an instant. One that ends as another begins does not overlap it. */
export function mostAtOnce(intervals: readonly { from: number; to: number }[]): number {
  const steps = intervals.flatMap(({ from, to }) => [
    { at: from, by: 1 },
    { at: to, by: -1 },
  ])
  let now = 0
  let most = 0
  for (const { by } of steps.toSorted((a, b) => a.at - b.at || a.by - b.by)) {
    now += by
    most = Math.max(most, now)
  }
  return most
}

/** Times are recorded to the microsecond. */
export const toMicros = (ms: number): number => Math.round(ms * 1000) / 1000
