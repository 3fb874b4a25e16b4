import type { RequestRecord } from '../observe/record.ts'
import type { Outcome } from '../verdict/verdict.ts'
import { commandLine } from './command-line.ts'
import { endedSentence, endingOf } from './ending.ts'
import { askedAndMet, faultTarget, independentSources, replicasOf } from './fault-words.ts'
import type { FinishedRun } from './finished-run.ts'
import { masker, secretValues } from './mask.ts'
import { tellRequest } from './story.ts'
import { titleWithMetric } from './why.ts'
import { type Element, renderXml } from './xml.ts'
import { xmlText } from './xml-text.ts'

/**
 * One suite a scenario, one case an outcome. A claim that does not hold is a failure; one that could not be judged is an
 * error, so that CI blames the right side. A run that is not a pass never looks green.
 */
export function renderJunit(run: FinishedRun): string {
  const mask = masker(secretValues(run.scenario))
  const say = (text: string) => xmlText(mask(text))
  const name = say(run.scenario.name)
  const classname = classOf(say(run.scenario.file)) || name
  const seconds = secondsOf(run)
  const records = examplesOf(run)
  const cases: Case[] = [
    ...named(run.verdict.outcomes).map(([title, outcome]) => ({
      title,
      line: outcome.at.line,
      time: seconds(outcome),
      result: resultOf(outcome, run, records, say),
    })),
    ...endingCases(run, say),
  ]
  const count = (tag: Result['tag']) => cases.filter(({ result }) => result?.tag === tag).length
  const counts = { tests: cases.length, failures: count('failure'), errors: count('error') }
  const time = inSeconds(run.durationMs)
  // Where a case is looked at by itself, as in Jenkins and GitLab, it is not far.
  const again: Element = {
    tag: 'system-out',
    attributes: {},
    content: say(`again: ${commandLine(run.command)}\nresults: ${run.directory}`),
  }
  const suite: Element = {
    tag: 'testsuite',
    attributes: { name, timestamp: run.startedAt, time, ...counts, skipped: 0, file: say(run.scenario.file) },
    content: [
      { tag: 'properties', attributes: {}, content: propertiesOf(run, say) },
      ...cases.map(({ title, line, time, result }) => ({
        tag: 'testcase',
        attributes: { classname, name: say(title), time, file: say(run.scenario.file), line },
        content: result === null ? [] : [result, again],
      })),
      again,
    ],
  }
  // `skipped` is no attribute of the root in Jenkins' schema.
  return renderXml({ tag: 'testsuites', attributes: { name: 'chaos', time, ...counts }, content: [suite] })
}

/** `scenarios/brownout.yaml` becomes `scenarios.brownout`: Jenkins takes what is before the last dot for a package, and GitLab knows a case by it and its name. */
const classOf = (file: string) =>
  file
    .replace(/\.ya?ml$/i, '')
    .split(/[\\/]+/)
    .map((part) => part.replaceAll('.', '_'))
    .filter((part) => part !== '' && part !== '_' && part !== '__')
    .join('.')

const inSeconds = (ms: number) => (Number.isFinite(ms) && ms > 0 ? Math.round(ms) / 1000 : 0)

/** The time of a phase is shared by the claims on it, so that the cases of a run add up to no more than it took. */
function secondsOf({ verdict, observations }: FinishedRun): (outcome: Outcome) => number {
  const claims = Map.groupBy(verdict.outcomes, ({ phase }) => phase)
  return ({ phase }) => {
    const own = observations?.phases.find(({ name }) => name === phase)
    return own === undefined ? 0 : inSeconds((own.to - own.from) / (claims.get(phase)?.length ?? 1))
  }
}

interface Case {
  title: string
  line: number
  /** In s. */
  time: number
  /** null: it passed. */
  result: Result | null
}

type Result = Element & { tag: 'failure' | 'error' }

const resultAs = (tag: Result['tag'], message: string, type: string, content: string): Result => ({
  tag,
  attributes: { message, type },
  content,
})

type Say = (text: string) => string

/** The requests that the outcomes name, by id. */
function examplesOf({ verdict, observations }: FinishedRun): ReadonlyMap<string, RequestRecord> {
  const ids = new Set(verdict.outcomes.flatMap(({ examples }) => examples))
  const found = new Map<string, RequestRecord>()
  if (ids.size > 0) for (const record of observations?.records ?? []) if (ids.has(record.id)) found.set(record.id, record)
  return found
}

function propertiesOf({ plan, envoy, runtime, command, chaosVersion, observations, id }: FinishedRun, say: Say): Element[] {
  const faults = (observations?.faults ?? []).flatMap((evidence): [string, string][] => {
    const fault = plan.faults.find((planned) => planned.id === evidence.id)
    if (fault === undefined) return []
    const target = faultTarget(fault, replicasOf(fault.cluster, plan))
    return [[`fault.${fault.id}`, `${target}, ${askedAndMet(fault, evidence)}; ${independentSources(fault, evidence, plan)}`]]
  })
  const properties: [string, string][] = [
    ['run', id],
    ['seed', String(plan.seed)],
    ['envoy', envoy === null ? 'none' : `${envoy.version ?? 'unknown'} (${envoy.source})`],
    ['runtime', runtime],
    ['chaos', chaosVersion],
    ['command', commandLine(command)],
    ...faults,
  ]
  return properties.map(([name, value]) => ({ tag: 'property', attributes: { name: say(name), value: say(value) } }))
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

function resultOf(outcome: Outcome, run: FinishedRun, records: ReadonlyMap<string, RequestRecord>, say: Say): Result | null {
  if (outcome.status === 'pass') return null
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
  return outcome.status === 'fail' ? resultAs('failure', why, 'expectation', body) : resultAs('error', why, 'inconclusive', body)
}

/** What says that a run is no pass where no outcome does. */
function endingCases(run: FinishedRun, say: Say): Case[] {
  const unsound = (run.observations?.unsound ?? []).join('\n')
  if (run.ended !== null) {
    const detail =
      run.ended.by === 'environment' ? [...run.ended.detail, ...(run.ended.hint === null ? [] : [`hint: ${run.ended.hint}`])] : []
    const result = resultAs('error', say(endedSentence(run.ended, run)), run.ended.by, say(detail.join('\n')))
    return [{ title: 'the run goes its whole way', line: 1, time: 0, result }]
  }
  if (endingOf(run) === 'pass' || run.verdict.outcomes.some((outcome) => outcome.status !== 'pass')) return []
  const result = resultAs('error', say(unsound || `the verdict is ${run.verdict.status}`), run.verdict.status, say(unsound))
  return [{ title: 'the evidence is sound', line: 1, time: 0, result }]
}
