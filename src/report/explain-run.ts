import { crowdAt } from '../observe/crowd.ts'
import type { RequestRecord } from '../observe/record.ts'
import { nounOf } from '../plan/noun.ts'
import { plural } from '../value/show.ts'
import type { Outcome } from '../verdict/verdict.ts'
import { type Course, coursesOf } from './courses.ts'
import { endedSentence } from './ending.ts'
import { count, millis, shareOf } from './figures.ts'
import type { FinishedRun } from './finished-run.ts'
import { clip, padEnd, padStart, wrap } from './layout.ts'
import { masker, secretValues } from './mask.ts'
import { requestLines } from './ndjson.ts'
import { type Look, type Paper, paper } from './paper.ts'
import { type Story, storyOf } from './story.ts'
import { verdictLine } from './summary.ts'
import { byReason, reasonLines, storyLines } from './why.ts'

/** Rarer ones are counted together: an app may make a course of its own of each request. */
const MOST_COURSES = 12
const WARM_UP = 'warm-up, of which nothing is claimed'

/** What happened in a run: the requests that each missed claim is about, and every course that requests took. */
export function renderRun(run: FinishedRun, look: Look): string {
  const page = paper(look, run.scenario)
  const sections = [claimLines(run, page), courseLines(run, page), [verdictLine(run, page)]]
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')
}

function claimLines(run: FinishedRun, page: Paper): string[] {
  const { width, paint, say } = page
  const missed = run.verdict.outcomes.filter(({ status }) => status !== 'pass')
  const ended = run.ended === null ? [] : wrap(say(endedSentence(run.ended, run)), width, '  ', '    ')
  if (missed.length === 0 && ended.length === 0) return []
  const heads = headsOf(run, new Set(missed.flatMap(({ examples }) => examples)))
  const claims = byReason(missed).flatMap((outcomes) => [
    ...reasonLines(outcomes, run.scenario.file, page),
    ...examplesOf(outcomes).flatMap((id) => wrap(say(heads.get(id) ?? id), width, '    · ', '      ')),
  ])
  return [paint('bold', 'CLAIMS THAT DO NOT HOLD'), ...ended, ...claims]
}

const MOST_EXAMPLES = 6

/** Of claims that have one reason together, each once. */
const examplesOf = (outcomes: readonly Outcome[]) => [...new Set(outcomes.flatMap(({ examples }) => examples))].slice(0, MOST_EXAMPLES)

function headsOf({ observations, plan }: FinishedRun, ids: ReadonlySet<string>): Map<string, string> {
  const heads = new Map<string, string>()
  for (const record of observations?.records ?? []) if (ids.has(record.id)) heads.set(record.id, storyOf(record, plan).head)
  return heads
}

function courseLines({ observations, plan }: FinishedRun, { width, paint, say }: Paper): string[] {
  const lines = [paint('bold', `WHAT HAPPENED TO ${nounOf(plan).toUpperCase()}S`)]
  const byPhase = Map.groupBy(coursesOf(observations?.records ?? [], plan), ({ phase }) => phase)
  for (const [phase, courses] of byPhase) {
    const all = courses.reduce((sum, course) => sum + course.count, 0)
    const rest = courses.slice(MOST_COURSES)
    lines.push(`  ${clip(say(plan.phases[phase]?.name ?? WARM_UP), width - 2)}`)
    for (const course of courses.slice(0, MOST_COURSES)) {
      const [first = '', ...more] = wrap(`${say(course.what)} · ${times(course, nounOf(plan))} · such as ${course.example}`, width - 22)
      lines.push(`    ${padStart(count(course.count), 8)}  ${padEnd(shareOf(course.count, all), 7)} ${first}`)
      lines.push(...more.map((line) => ' '.repeat(22) + line))
    }
    if (rest.length > 0)
      lines.push(`    ${padStart(count(rest.reduce((sum, course) => sum + course.count, 0)), 8)}  in ${plural(rest.length, 'rarer way')}`)
  }
  return byPhase.size === 0 ? [...lines, '  nothing was sent'] : lines
}

function times({ median, max, count }: Course, noun: 'request' | 'run'): string {
  const never = noun === 'run' ? 'never ended' : 'never answered'
  if (median === Number.POSITIVE_INFINITY) return never
  if (count === 1) return millis(max)
  return `median ${millis(median)}, longest ${max === Number.POSITIVE_INFINITY ? never : millis(max)}`
}

/** Null for the warm-up. */
function phaseName(index: number, { phases }: FinishedRun['plan'], mask: (text: string) => string): string | null {
  const name = phases[index]?.name
  return name === undefined ? null : mask(name)
}

/** For machines: the courses, and the requests that each missed claim is about. */
export function runJson(run: FinishedRun): unknown {
  const mask = masker(secretValues(run.scenario))
  const { plan, observations, verdict } = run
  const finite = (ms: number) => (Number.isFinite(ms) ? Math.round(ms * 1000) / 1000 : null)
  return {
    claims: verdict.outcomes
      .filter(({ status }) => status !== 'pass')
      .map(({ title, metric, status, why, examples }) => ({ title: mask(title), metric, status, why: why && mask(why), examples })),
    courses: coursesOf(observations?.records ?? [], plan).map(({ phase, what, count, median, max, example }) => ({
      phase: phaseName(phase, plan, mask),
      what: mask(what),
      count,
      latency_ms: { p50: finite(median), max: finite(max) },
      example,
    })),
  }
}

/** The story of one request, with how full the breakers were that refused it. */
export function requestStory(record: RequestRecord, { plan, observations }: FinishedRun): Story {
  return storyOf(record, plan, (cluster, crowd, ms) => crowdAt(observations?.records ?? [], cluster, crowd, ms))
}

export function renderRequest(record: RequestRecord, run: FinishedRun, look: Look): string {
  const page = paper(look, run.scenario)
  return storyLines(requestStory(record, run), record.id, page).join('\n')
}

export function requestJson(record: RequestRecord, run: FinishedRun): unknown {
  const mask = masker(secretValues(run.scenario))
  const { head, events } = requestStory(record, run)
  return {
    head: mask(head),
    events: events.map(({ at, what }) => ({ at, what: mask(what) })),
    record: JSON.parse(requestLines(run)(record)),
  }
}
