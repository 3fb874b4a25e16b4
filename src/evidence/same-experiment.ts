import type { Problem } from '../errors.ts'
import { MASK, masker, secretValues } from '../report/mask.ts'
import { formatPath } from '../scenario/finding.ts'
import { frame } from '../scenario/frame.ts'
import type { DocumentPath, Scenario } from '../scenario/scenario.ts'
import { scenarioSchema } from '../scenario/schema.ts'
import { readYaml } from '../scenario/yaml.ts'
import { isSecretHeader } from '../value/secret.ts'
import { show } from '../value/show.ts'
import type { StoredRun } from './stored-run.ts'

/** What says nothing of what was done in a run, only of what is asked of it. */
const FREE = new Set(['name', 'description', 'expect', 'seed'])

/**
 * Where another scenario is another experiment than the one that was run, at its places. Spelling does not matter (`1s` is
 * `1000ms`, a default that is written out is the same as one that is left out), and of a secret only where it stands.
 * @param recorded - the scenario of the run, as it was stored
 */
export function otherExperiment(stored: StoredRun, recorded: Scenario, asked: Scenario): Problem[] {
  const secrets = { mask: masker(secretValues(asked)), placeholders: new Map<string, string>(), values: new Map<string, string>() }
  const paths = Object.keys(scenarioSchema.shape)
    .filter((key) => !FREE.has(key))
    .flatMap((key) => differences(recorded[key as keyof Scenario], asked[key as keyof Scenario], [key], secrets))
    .filter((path) => !isSamples(path))
  return [...otherSeed(stored, asked), ...asWritten(paths), ...otherSamples(recorded, asked)].map((path) => {
    const { line, col } = asked.locate(path)
    const had = path[0] === 'seed' ? stored.seed : valueAt(stored.scenario.document, path)
    const shown = isSecretHeader(String(path.at(-1))) ? 'another value' : had === undefined ? 'the default' : show(had)
    const text = asked.text.split('\n')[line - 1] ?? ''
    return {
      file: asked.file,
      line,
      col,
      message: `${formatPath(path)}: the run had ${shown} here`,
      ...(text === '' ? {} : { frame: frame(text, line, col) }),
    }
  })
}

/** Keys of a fault that only the read scenario has, and the key that says it: `percent: { from: 0, to: 50 }`, `abort: { 503: 5, 429: 1 }`. */
const WRITTEN_AS: Record<string, string> = { ramp: 'percent', shares: 'abort' }

/** The places of the differences in the text. Beside a ramp and several statuses stands what follows from them: one difference is told once. */
function asWritten(paths: readonly DocumentPath[]): DocumentPath[] {
  const isOfFault = ([section, , faults]: DocumentPath) => section === 'phases' && faults === 'faults'
  const keyOf = (path: DocumentPath) => (isOfFault(path) ? WRITTEN_AS[String(path[4])] : undefined)
  const told = new Map<string, DocumentPath>()
  const faultOf = (path: DocumentPath) => formatPath(path.slice(0, 4))
  const derived = new Set(paths.filter((path) => keyOf(path) !== undefined).map(faultOf))
  for (const path of paths) {
    const key = keyOf(path)
    if (key === undefined && isOfFault(path) && derived.has(faultOf(path)) && ['percent', 'abort'].includes(String(path[4]))) continue
    const written = key === undefined ? path : [...path.slice(0, 4), key, ...(key === 'percent' ? path.slice(5) : [])]
    told.set(formatPath(written), written)
  }
  return [...told.values()]
}

interface Secrets {
  mask(text: string): string
  /** The other scenario's value by the placeholder, and the other way round: secrets may differ, but not which are the same. */
  placeholders: Map<string, string>
  values: Map<string, string>
}

function differences(recorded: unknown, asked: unknown, path: DocumentPath, secrets: Secrets): DocumentPath[] {
  if (Array.isArray(recorded) && Array.isArray(asked)) {
    if (recorded.length !== asked.length) return [path]
    return recorded.flatMap((item, i) => differences(item, asked[i], [...path, i], secrets))
  }
  if (isMap(recorded) && isMap(asked)) {
    const keys = new Set([...Object.keys(recorded), ...Object.keys(asked)])
    return [...keys].flatMap((key) => differences(recorded[key], asked[key], [...path, key], secrets))
  }
  return isSame(recorded, asked, path, secrets) ? [] : [path]
}

function isSame(recorded: unknown, asked: unknown, path: DocumentPath, { mask, placeholders, values }: Secrets): boolean {
  if (recorded === asked) return true
  if (typeof recorded !== 'string' || typeof asked !== 'string') return false
  if (!isSecretHeader(String(path.at(-1)))) return blotted(recorded) === mask(asked)
  const [value, placeholder] = [placeholders.get(recorded) ?? asked, values.get(asked) ?? recorded]
  placeholders.set(recorded, value)
  values.set(asked, placeholder)
  return value === asked && placeholder === recorded
}

/** Placeholders as a report has them: which of the secrets it is does not matter here. */
const blotted = (text: string) => text.replace(/\*{3}\d+/g, MASK)

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

const isSamples = (path: DocumentPath) => path[0] === 'upstreams' && path[2] === 'latency' && path[3] === 'samples'

/** A file of samples may have another name: what counts is what is in it. */
function otherSamples(recorded: Scenario, asked: Scenario): DocumentPath[] {
  return Object.keys(asked.samples)
    .filter((upstream) => JSON.stringify(recorded.samples[upstream]) !== JSON.stringify(asked.samples[upstream]))
    .map((upstream) => ['upstreams', upstream, 'latency', 'samples'])
}

/** A seed that is left out is that of the run, and one of the command line may have been in place of the file's. */
function otherSeed({ seed, scenario }: StoredRun, asked: Scenario): DocumentPath[] {
  const written = valueAt(readYaml(asked.text, asked.file).value, ['seed'])
  return written === undefined || written === seed || written === valueAt(scenario.document, ['seed']) ? [] : [['seed']]
}

function valueAt(document: unknown, path: DocumentPath): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document)
}
