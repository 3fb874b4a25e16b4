import type { z } from 'zod'
import { didYouMean } from '../value/nearest.ts'
import { listed, plural, show } from '../value/show.ts'
import { filledIn } from './batch.ts'
import { type Finding, formatPath } from './finding.ts'
import { formMeant, isUnderItsName, keyMeant } from './forms.ts'
import { adviceOnKey, meaningOf } from './keys.ts'
import { ALL_PARTS, type Mended, mended } from './mend.ts'
import type { DocumentPath } from './scenario.ts'
import { type ScenarioDocument, scenarioSchema } from './schema.ts'

type Issue = z.core.$ZodIssue
type RawIssue = z.core.$ZodRawIssue

/** A document as far as it can be read: whole where there are no findings. */
export interface ReadDocument {
  findings: Finding[]
  /** The typed document, mended where there are findings; undefined where too little is left of it. */
  rest: (Pick<Mended, 'sound' | 'isMadeUp'> & { document: ScenarioDocument }) | undefined
}

/** Reads a plain value by the schema: the typed document, and all that is wrong with it. */
export function readBySchema(value: unknown): ReadDocument {
  const { value: filled, findings: needless } = filledIn(value)
  const read = scenarioSchema.safeParse(filled, { error: (issue) => inOurWords(issue) })
  if (read.success) return { findings: needless, rest: { document: read.data, sound: ALL_PARTS, isMadeUp: () => false } }
  const issues = withoutEchoes(
    read.error.issues.flatMap((issue) => flatten(issue, [], filled)),
    filled,
  )
  const left = mended(filled, issues.flatMap(placesOf))
  const again = left && scenarioSchema.safeParse(left.value)
  return {
    findings: [...needless, ...issues.flatMap((issue) => findings(issue, filled))],
    rest: left && again?.success ? { document: again.data, sound: left.sound, isMadeUp: left.isMadeUp } : undefined,
  }
}

function placesOf(issue: Issue): DocumentPath[] {
  const path = issue.path as DocumentPath
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path]
}

/** What zod says where the schema has no words of its own. */
function inOurWords(issue: RawIssue): string {
  const { input } = issue
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${TYPE[issue.expected as string] ?? 'another kind of value'}, got ${show(input)}`
    case 'invalid_value':
      return `expected ${issue.values.length === 1 ? '' : 'one of '}${listed(issue.values.map(String))}, got ${show(input)}`
    case 'too_small':
      return `expected ${issue.origin === 'array' ? `at least ${plural(Number(issue.minimum), 'item')}` : `at least ${issue.minimum}`}, got ${amount(input)}`
    case 'too_big':
      return `expected ${issue.origin === 'array' ? `at most ${plural(Number(issue.maximum), 'item')}` : `at most ${issue.maximum}`}, got ${amount(input)}`
    default:
      return `expected another value, got ${show(input)}`
  }
}

const TYPE: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map',
  record: 'a map',
  array: 'a list',
}

const amount = (input: unknown) => (Array.isArray(input) ? (input.length === 0 ? 'none' : String(input.length)) : show(input))

/** A union's issue is replaced by those of the form that the user seems to have meant. */
function flatten(issue: Issue, base: DocumentPath, value: unknown): Issue[] {
  const path = [...base, ...(issue.path as (string | number)[])]
  const here = { ...issue, path } as Issue
  if (issue.code === 'invalid_key') return issue.issues.map((inner) => ({ ...inner, code: 'invalid_key', path }) as Issue)
  if (issue.code !== 'invalid_union' || valueAt(value, path) === undefined) return [here]
  const meant = issue.errors
    .filter((issues) => !issues.some(isOtherKind))
    .map((issues) => issues.flatMap((inner) => flatten(inner, path, value)))
    .sort((a, b) => misfit(a, value) - misfit(b, value))[0]
  return meant ?? [here]
}

/** Not this form at all: text where the form is a map, for instance. */
function isOtherKind(issue: Issue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_union')
}

/** Keys that are too many or too few. */
function misfit(issues: Issue[], value: unknown): number {
  return issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : isMissing(issue, value) ? 1 : 0), 0)
}

/** A misspelt key is one mistake: that the right one is missing, or that the map is therefore incomplete, is not news. */
function withoutEchoes(issues: Issue[], value: unknown): Issue[] {
  const unknown = issues.filter((issue) => issue.code === 'unrecognized_keys')
  const at = (path: readonly PropertyKey[]) => unknown.filter((issue) => samePath(issue.path, path))
  return issues.filter((issue) => {
    if (issue.code === 'custom') return at(issue.path).length === 0
    if (!isMissing(issue, value)) return true
    const parent = issue.path.slice(0, -1) as DocumentPath
    const here = at(parent)
    if (here.length > 0 && (isUnderItsName(parent, valueAt(value, parent)) || parent.at(-1) === 'when')) return false
    return !here.some(({ keys }) => keys.some((key) => adviceOnKey(parent, key).meant === issue.path.at(-1)))
  })
}

function findings(issue: Issue, value: unknown): Finding[] {
  const path = issue.path as DocumentPath
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const hint = keyMeant(path, key, valueAt(value, path), value) ?? adviceOnKey(path, key).hint
      return { path: [...path, key], at: 'key', message: `unknown key ${show(key)}`, ...(hint === undefined ? {} : { hint }) }
    })
  }
  if (issue.code === 'invalid_key' || (issue.code === 'custom' && issue.params?.at === 'key'))
    return [{ path, at: 'key', message: issue.message }]
  if (isMissing(issue, value)) return [missing(path)]
  const hint = hintFor(issue, valueAt(value, path), value)
  return [{ path, message: issue.message, ...(hint === undefined ? {} : { hint }) }]
}

function missing(path: DocumentPath): Finding {
  const key = String(path.at(-1))
  const { description, example } = meaningOf(path)
  const told = [description, example === undefined ? undefined : `For example: ${key}: ${example}`].filter((part) => part !== undefined)
  return {
    path: path.slice(0, -1),
    at: 'whole',
    message: `the key ${show(key)} is missing`,
    ...(told.length === 0 ? {} : { hint: told.join(' ') }),
  }
}

function hintFor(issue: Issue, input: unknown, document: unknown): string | undefined {
  if (issue.code === 'custom' && issue.params?.hint !== undefined) return issue.params.hint
  const expected = issue.code === 'invalid_type' ? issue.expected : undefined
  return formMeant(issue.path as DocumentPath, input, expected, document) ?? typeMeant(issue, input)
}

function typeMeant(issue: Issue, input: unknown): string | undefined {
  if (issue.code === 'invalid_value' && typeof input === 'string') return didYouMean(input, issue.values.map(String))
  if (issue.code === 'invalid_value' && typeof input === 'boolean') {
    const word = input ? 'any' : 'none'
    return issue.values.includes(word) ? `write ${word}` : undefined
  }
  if (issue.code !== 'invalid_type') return undefined
  if ((input === null || input === true) && EMPTY_MAPS.some((place) => place.test(formatPath(issue.path as DocumentPath))))
    return 'write {} for one that has its defaults only'
  if (input === null && (issue.expected === 'array' || issue.expected === 'object'))
    return typeof issue.path.at(-1) === 'number' ? 'write the item, or leave its "-" out' : 'write what it holds, or leave the key out'
  if (issue.expected === 'number' && typeof input === 'string' && PLAIN_NUMBER.test(input))
    return `write the plain number: ${input.replace(PLAIN_NUMBER, '$1')}`
  if (issue.expected === 'string' && (typeof input === 'number' || typeof input === 'boolean')) return `quote it: "${input}"`
  if (issue.expected === 'array' && typeof input === 'string')
    return `write a list: [${input
      .split(/\s*,\s*|\s+/)
      .join(', ')
      .slice(0, 80)}]`
  if (issue.expected === 'array' && input !== null && typeof input === 'object')
    return 'write a list: begin each item with "- ", or put it into [ ]'
  return undefined
}

/** Where a map without keys is right. */
const EMPTY_MAPS = [/^upstreams\.[^.]+(\.respond)?$/, /^envoy(\.clusters(\.[^.]+(\.(circuit_breakers|outlier_detection))?)?)?$/]

/** A number with a unit that it does not have here, or in quotes. */
const PLAIN_NUMBER = /^\s*(\d{1,15}(?:\.\d{1,15})?)\s*%?\s*$/

function isMissing(issue: Issue, value: unknown): boolean {
  return (
    (issue.code === 'invalid_type' || issue.code === 'invalid_union' || issue.code === 'invalid_value') &&
    issue.path.length > 0 &&
    valueAt(value, issue.path as DocumentPath) === undefined
  )
}

function valueAt(value: unknown, path: DocumentPath): unknown {
  let at = value
  for (const part of path) {
    if (at === null || typeof at !== 'object' || !Object.hasOwn(at, part)) return undefined
    at = (at as Record<string | number, unknown>)[part]
  }
  return at
}

const samePath = (a: readonly PropertyKey[], b: readonly PropertyKey[]) =>
  a.length === b.length && a.every((part, index) => part === b[index])
