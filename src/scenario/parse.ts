import { ChaosError, type Problem } from '../errors.ts'
import { plural, show } from '../value/show.ts'
import { checkScenario } from './check.ts'
import { type Finding, formatPath } from './finding.ts'
import type { Part } from './mend.ts'
import { nameFindings } from './names.ts'
import { parseSamples } from './samples.ts'
import type { DocumentPath, Scenario } from './scenario.ts'
import type { ScenarioDocument } from './schema.ts'
import { readBySchema } from './schema-findings.ts'
import { readYaml, type YamlSource } from './yaml.ts'

const MAX_PROBLEMS = 50

const START = 'expected a map with the keys name, upstreams, load, phases and expect'

/** A scenario as far as it can be read, with what is wrong with it. */
export interface Draft {
  /** As it was written only where there are no problems. */
  scenario: Scenario
  /** The parts of it that are as they were written, where what is wrong is of the wrong kind. */
  sound: ReadonlySet<Part>
  /** Whether what stands there was not written, but stands for what could not be read. */
  isMadeUp(path: DocumentPath): boolean
  /** Whether nothing is wrong but claims: all else can be planned and shown. */
  claimsOnly: boolean
  /** By place in the document; `problems` has them too. */
  findings: readonly Finding[]
  problems: readonly Problem[]
  /** Says where in the text a finding is; `bare` leaves the path out of its message. */
  located(finding: Finding, bare?: 'bare'): Problem
}

/**
 * Reads a sound scenario. Pure but for `readSamples`.
 * @throws ChaosError `badInput` with every problem of the file, in the order of the text
 */
export function parseScenario(text: string, file: string, readSamples: (path: string) => string): Scenario {
  const { scenario, problems } = parseDraft(text, file, readSamples)
  if (problems.length > 0) throw refusal(file, problems)
  return scenario
}

/**
 * Reads a scenario as far as its format goes, so that later checks can tell their problems together with those found
 * here. Pure but for `readSamples`.
 *
 * @param file - as messages should name it
 * @param readSamples - the text of a file of latency samples, by its path in the scenario; throws ChaosError
 * @throws ChaosError `badInput` when too little of it can be read, with every problem of it
 */
export function parseDraft(text: string, file: string, readSamples: (path: string) => string): Draft {
  const body = text.replace(/^\ufeff/, '')
  const source = readYaml(body, file)
  if (source.value === undefined) throw refusal(file, source.problems)
  if (source.value === null) throw refusal(file, [...source.problems, source.problem(0, `the file is empty: ${START}`)])
  if (typeof source.value !== 'object' || Array.isArray(source.value))
    throw refusal(file, [...source.problems, source.problem(0, `${START}, got ${show(source.value)}`)])

  const read = readBySchema(source.value)
  const { rest } = read
  const sound = rest?.sound ?? new Set<Part>()
  const findings = [
    ...nameFindings(source.value),
    ...read.findings,
    // Where a value could not be read, another stands in its place: it says nothing of the whole.
    ...(rest !== undefined && source.problems.length === 0
      ? checkScenario(rest.document, sound).filter((finding) => !isSaid(finding, read.findings) && !rest.isMadeUp(finding.path))
      : []),
    ...respeltTexts(source),
  ]
  const { samples, problems } =
    rest !== undefined && sound.has('upstreams') ? readAllSamples(rest.document, source, readSamples) : { samples: {}, problems: [] }

  // A value that could not be read stands as nothing in the document: what the schema says of that is an echo.
  const places = new Set(source.problems.map(placeOf))
  const locatedIn = (finding: Finding, bare?: 'bare') => located(source, finding, bare)
  const found = findings.map((finding) => locatedIn(finding)).filter((problem) => !places.has(placeOf(problem)))
  const all = [...source.problems, ...found, ...problems]
  if (source.problems.length > 0 || rest === undefined) throw refusal(file, all)

  const locate = (path: DocumentPath) => {
    const { line, col } = source.problem(source.locate(path), '')
    return { line, col }
  }
  const scenario = { ...rest.document, file, text: body, folder: '.', samples, locate }
  const claimsOnly = problems.length === 0 && findings.every(({ path }) => path[0] === 'expect')
  return { scenario, sound, isMadeUp: rest.isMadeUp, claimsOnly, findings, problems: all, located: locatedIn }
}

/** Of a value that is wrong in itself, or of something in it, there is no more to be said. */
const isSaid = ({ path }: Finding, findings: readonly Finding[]) =>
  findings.some((finding) => finding.path.length > 1 && finding.path.every((part, index) => part === path[index]))

const placeOf = ({ line, col }: Problem) => `${line}:${col}`

function located(source: YamlSource, { path, message, hint, at }: Finding, bare?: 'bare'): Problem {
  const place = bare ? '' : formatPath(at === 'key' ? path.slice(0, -1) : path)
  return source.problem(source.locate(path, at), place === '' ? message : `${place}: ${message}`, hint)
}

/** All problems of a file as one error; what nobody reads on is counted. */
export function refusal(file: string, problems: readonly Problem[]): ChaosError {
  const sorted = inOrder(file, problems)
  const left = sorted.length - MAX_PROBLEMS
  return new ChaosError('badInput', `${file} has ${plural(sorted.length, 'problem')}`, {
    problems: sorted.slice(0, MAX_PROBLEMS),
    ...(left > 0 ? { hint: `${plural(left, 'further problem')} not shown` } : {}),
  })
}

/** In the order of the text, each once; those of other files at the end. */
export function inOrder(file: string, problems: readonly Problem[]): Problem[] {
  const unique = [...new Map(problems.map((problem) => [`${problem.file}:${placeOf(problem)} ${problem.message}`, problem])).values()]
  return unique.sort((a, b) => Number(a.file !== file) - Number(b.file !== file) || a.line - b.line || a.col - b.col)
}

/** `x-version: 1.0` would be sent as "1": what is read as a number or as true loses its spelling. */
function respeltTexts(source: YamlSource): Finding[] {
  return source.respelt
    .filter(({ path }) => isHeaderValue(path) || isForProgram(path))
    .map(({ path, source: written }) => ({
      path,
      message: isForProgram(path)
        ? `expected text for ${path[0] === 'app' ? 'the app' : path[1]}, got ${written}, which would not reach it as it is written`
        : `expected text as the value of a header, got ${written}, which would not be sent as it is written`,
      hint: `quote it: "${written}"`,
    }))
}

/** What an app or a container is started with, or built with. */
function isForProgram([first, ...rest]: DocumentPath): boolean {
  const [key, inner] = first === 'upstreams' ? rest.slice(1) : rest
  if (first !== 'app' && first !== 'upstreams') return false
  return key === 'command' || key === 'run' || key === 'env' || (key === 'build' && inner === 'args')
}

function isHeaderValue(path: DocumentPath): boolean {
  const parent = path.at(-2)
  return !path.includes('json') && (parent === 'headers' || parent === 'header')
}

function readAllSamples(
  document: ScenarioDocument,
  source: YamlSource,
  readSamples: (path: string) => string,
): { samples: Record<string, readonly number[]>; problems: Problem[] } {
  const samples: Record<string, readonly number[]> = {}
  const problems: Problem[] = []
  for (const [upstream, { latency }] of Object.entries(document.upstreams)) {
    if (typeof latency !== 'object' || !('samples' in latency)) continue
    try {
      const read = parseSamples(readSamples(latency.samples), besides(source.file, latency.samples))
      samples[upstream] = read.samples
      problems.push(...read.problems)
    } catch (error) {
      if (!(error instanceof ChaosError)) throw error
      const finding: Finding = {
        path: ['upstreams', upstream, 'latency', 'samples'],
        message: error.message,
        ...(error.hint === undefined ? {} : { hint: error.hint }),
      }
      problems.push(located(source, finding))
    }
  }
  return { samples, problems }
}

/** A path that is relative to `file`, as a path that a terminal can open. */
function besides(file: string, path: string): string {
  return path.startsWith('/') ? path : `${file.slice(0, file.lastIndexOf('/') + 1)}${path.replace(/^(\.\/)+/, '')}`
}
