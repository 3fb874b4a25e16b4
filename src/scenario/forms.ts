import type { Quantity } from '../value/condition.ts'
import { conditionMeant } from '../value/meant.ts'
import { kindAt } from './keys.ts'
import type { DocumentPath } from './scenario.ts'

/** A map in the place of a value, or a value in that of a map: how what was meant is written. */

/** Comparisons, by the words that other tools have for them as keys. */
const COMPARISONS: Record<string, string> = {
  ...named('>=', ['>=', '=>', 'min', 'gte', 'ge', 'at_least']),
  ...named('<=', ['<=', '=<', 'max', 'lte', 'le', 'at_most']),
  ...named('>', ['>', 'gt', 'above', 'more_than']),
  ...named('<', ['<', 'lt', 'below', 'less_than']),
  ...named('=', ['=', '==', 'eq', 'equals', 'exactly']),
}

/**
 * `success_rate: { min: 99% }` and `attempts: { stock: 1 }`: a condition is text, and a claim on one cluster names that
 * beside it.
 * @param path - of the value; undefined is returned where it is no claim
 */
export function claimMeant(path: DocumentPath, value: unknown, document: unknown): string | undefined {
  const [first, index, metric, ...inner] = path
  if (first !== 'expect' || typeof index !== 'number' || typeof metric !== 'string' || inner.length > 0 || !isMap(value)) return undefined
  const quantity = kindAt(path)?.split(' ')[0] as string
  if (!(quantity in QUANTITIES)) return undefined
  const [[key, asked] = ['', undefined], ...others] = Object.entries(value)
  if (typeof asked !== 'string' && typeof asked !== 'number') return undefined
  const upstreams = isMap(document) && isMap(document.upstreams) ? Object.keys(document.upstreams) : []
  if (upstreams.includes(key)) {
    const each = others.length === 0 ? '' : ', in an item of its own for each cluster'
    return `a claim names its cluster beside it: write cluster: ${key}, ${metric}: ${spelt(asked)}${each}`
  }
  const op = Object.hasOwn(COMPARISONS, key) ? COMPARISONS[key] : undefined
  const text = `${op} ${asked}`
  if (op === undefined || others.length > 0) return undefined
  return `write ${metric}: ${JSON.stringify(conditionMeant(text, quantity as Quantity) ?? text)}`
}

const QUANTITIES: Record<Quantity, true> = { share: true, latency: true, count: true, factor: true, throughput: true }

/** The key that is meant where its value stands alone in the place of a map; the most usual first. */
const MEANT: Record<string, readonly string[]> = {
  body: ['contains', 'equals'],
  output: ['contains', 'equals'],
  given: ['fault'],
  match: ['prefix'],
  ready: ['http'],
  load: ['rate'],
  upload: ['over'],
  respond: ['body'],
  budget_percent: ['value'],
  healthy_panic_threshold: ['value'],
  retry_back_off: ['base_interval'],
  max_stream_duration: ['max_stream_duration'],
}

/** `body: ok` and `match: /items`: the same value under the key that it needs. */
export function mapMeant(issue: { code: string; path: readonly PropertyKey[]; expected?: unknown }, value: unknown): string | undefined {
  if (issue.code !== 'invalid_type' || issue.expected !== 'object') return undefined
  const key = String(issue.path.at(-1))
  const meant = Object.hasOwn(MEANT, key) ? MEANT[key] : undefined
  if (meant === undefined || (typeof value !== 'string' && typeof value !== 'number')) return undefined
  return `write ${meant.map((each) => `${key}: { ${each}: ${spelt(value)} }`).join(' or ')}`
}

/** As YAML has it, quoted where it would be read as something else. */
const spelt = (value: string | number) =>
  typeof value === 'number' || /^[\w./][\w./ -]*$/.test(value) ? String(value) : JSON.stringify(value)

function named(op: string, words: readonly string[]): Record<string, string> {
  return Object.fromEntries(words.map((word) => [word, op]))
}

const isMap = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === 'object' && !Array.isArray(value)
