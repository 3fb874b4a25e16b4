import junitReportBuilder, { type TestCase, type TestSuite } from 'junit-report-builder'
import type { RequestRecord } from '../observe/record.ts'
import type { Outcome } from '../verdict/verdict.ts'
import { commandLine } from './command-line.ts'
import { endedSentence, endingOf } from './ending.ts'
import { askedAndMet, faultTarget, independentSources, replicasOf } from './fault-words.ts'
import type { FinishedRun } from './finished-run.ts'
import { masker, secretValues } from './mask.ts'
import { tellRequest } from './story.ts'
import { titleWithMetric } from './why.ts'
import { xmlText } from './xml-text.ts'

// Its types describe an ES module, but Node loads its CommonJS form, where the builder itself is the export.
const builder = junitReportBuilder as unknown as typeof junitReportBuilder.default

/**
 * One suite a scenario, one case an outcome. A claim that does not hold is a failure; one that could not be judged is an
 * error, so that CI blames the right side. A run that is not a pass never looks green.
 */
export function renderJunit(run: FinishedRun): string {
  const mask = masker(secretValues(run.scenario))
  const say = (text: string) => xmlText(mask(text))
  const report = builder.newBuilder()
  const suite = report
    .testSuite()
    .name(say(run.scenario.name))
    .timestamp(run.startedAt)
    .time(Number.isFinite(run.durationMs) ? Math.round(run.durationMs) / 1000 : 0)
  addProperties(suite, run, say)

  const newCase = (name: string, line: number) => {
    const added = suite.testCase().className(say(run.scenario.name)).name(say(name)).file(say(run.scenario.file))
    withLine(added, line)
    return added
  }
  const records = examplesOf(run)
  for (const [name, outcome] of named(run.verdict.outcomes)) addOutcome(newCase(name, outcome.at.line), outcome, run, records, say)
  addEnding(run, newCase, say)
  return report.build()
}

type Say = (text: string) => string

/** The requests that the outcomes name, by id. */
function examplesOf({ verdict, observations }: FinishedRun): ReadonlyMap<string, RequestRecord> {
  const ids = new Set(verdict.outcomes.flatMap(({ examples }) => examples))
  const found = new Map<string, RequestRecord>()
  if (ids.size > 0) for (const record of observations?.records ?? []) if (ids.has(record.id)) found.set(record.id, record)
  return found
}

function addProperties(suite: TestSuite, { plan, envoy, runtime, command, chaosVersion, observations, id }: FinishedRun, say: Say): void {
  suite.property('run', say(id))
  suite.property('seed', String(plan.seed))
  suite.property('envoy', envoy === null ? 'none' : say(`${envoy.version ?? 'unknown'} (${envoy.source})`))
  suite.property('runtime', runtime)
  suite.property('chaos', say(chaosVersion))
  suite.property('command', say(commandLine(command)))
  for (const evidence of observations?.faults ?? []) {
    const fault = plan.faults.find((planned) => planned.id === evidence.id)
    if (fault === undefined) continue
    const target = faultTarget(fault, replicasOf(fault.cluster, plan.stubs.servers))
    suite.property(say(`fault.${fault.id}`), say(`${target}, ${askedAndMet(fault, evidence)}; ${independentSources(fault, evidence)}`))
  }
}

/** CI tells cases of different runs apart by their names: they must be unique and stay the same. */
function named(outcomes: readonly Outcome[]): [string, Outcome][] {
  const uses = Map.groupBy(outcomes, titleWithMetric)
  return outcomes.map((outcome) => {
    const name = titleWithMetric(outcome)
    const alike = uses.get(name) ?? []
    if (alike.length === 1) return [name, outcome]
    // A body may be asked for several texts by one expectation.
    const own = alike.filter(({ expectation }) => expectation === outcome.expectation)
    return [`${name} (expect[${outcome.expectation}]${own.length === 1 ? '' : `: ${outcome.asked}`})`, outcome]
  })
}

function addOutcome(added: TestCase, outcome: Outcome, run: FinishedRun, records: ReadonlyMap<string, RequestRecord>, say: Say): void {
  if (outcome.status === 'pass') return
  const why = say(outcome.why ?? outcome.status)
  const interval = outcome.interval === null ? '' : `, interval ${outcome.interval.text}`
  const stories = outcome.examples.flatMap((id) => {
    const record = records.get(id)
    return record === undefined ? [] : ['', ...tellRequest(record, run.plan)]
  })
  const evidence = [
    `${run.scenario.file}:${outcome.at.line}:${outcome.at.col}`,
    `asked ${outcome.metric} ${outcome.asked}, seen ${outcome.seen ?? 'no data'}${interval} (n = ${outcome.samples})`,
    ...stories,
  ]
  const body = say(evidence.join('\n'))
  if (outcome.status === 'fail') added.failure(why, 'expectation').stacktrace(body)
  else added.error(why, 'inconclusive', body)
}

function addEnding(run: FinishedRun, newCase: (name: string, line: number) => TestCase, say: Say): void {
  const unsound = (run.observations?.unsound ?? []).join('\n')
  if (run.ended !== null) {
    const detail =
      run.ended.by === 'environment' ? [...run.ended.detail, ...(run.ended.hint === null ? [] : [`hint: ${run.ended.hint}`])] : []
    newCase('the run goes its whole way', 1).error(say(endedSentence(run.ended, run)), run.ended.by, say(detail.join('\n')))
  } else if (endingOf(run) !== 'pass' && run.verdict.outcomes.every((outcome) => outcome.status === 'pass')) {
    newCase('the evidence is sound', 1).error(say(unsound || `the verdict is ${run.verdict.status}`), run.verdict.status, say(unsound))
  }
}

/** The builder knows no `line` (GitLab and pytest's readers do), so it is set on the element that it builds. */
function withLine(added: TestCase, line: number): void {
  const build = added.build.bind(added)
  added.build = (parent) => build(parent).att('line', line)
}
