import type { Quantity } from '../value/condition.ts'
import { conditionMeant } from '../value/meant.ts'
import { METRIC_NAMES } from './expect-schema.ts'
import { kindAt } from './keys.ts'
import { METHODS } from './methods.ts'
import type { DocumentPath } from './scenario.ts'

/** A value in another form than the one that its place has, such as text for a map: how what was meant is written. */

/** What is longer than a line or two is written anew sooner than read. */
const LONGEST_HINT = 240
const short = (hint: string | undefined) => (hint === undefined || hint.length > LONGEST_HINT ? undefined : hint)

/** @param expected - what zod expected there, if it was another type */
export function formMeant(path: DocumentPath, value: unknown, expected: unknown, document: unknown): string | undefined {
  const key = path.at(-1)
  return short(
    claimMeant(path, value, document) ??
      (typeof key === 'number' ? itemMeant(path, value) : undefined) ??
      (expected === 'object' || expected === 'record' ? mapMeant(String(key), value) : undefined) ??
      (typeof value === 'string' ? textMeant(path, value, expected) : undefined) ??
      (key === 'status' && Array.isArray(value) ? sharesMeant(value) : undefined) ??
      (key === 'phase' && Array.isArray(value) ? 'write an item for each phase, or leave phase out for all of them' : undefined) ??
      (key === 'body' && expected === 'string' && isMap(value) ? 'write json in place of body' : undefined) ??
      (path.includes('retry_on') && /^\d{3}$/.test(String(value)) ? statusOfRetry(value) : undefined),
  )
}

const statusOfRetry = (status: unknown) => `write retriable-status-codes, and beside retry_on: retriable_status_codes: [${status}]`

const STATUS_CLASS = /^[1-5]xx$/i
const NUMERIC = /^\d{1,3}$/

/** Text in the place of something else. */
function textMeant(path: DocumentPath, text: string, expected: unknown): string | undefined {
  // YAML 1.2 knows `true` and `false` alone.
  if (expected === 'boolean')
    return /^(?:yes|on|y|true)$/i.test(text) ? 'write true' : /^(?:no|off|n|false)$/i.test(text) ? 'write false' : undefined
  switch (path.at(-1)) {
    case 'status':
      if (path[0] === 'expect' && STATUS_CLASS.test(text)) return `write the share of it: status: { ${text.toLowerCase()}: "100%" }`
      return NUMERIC.test(text) ? `write the plain number: ${text}` : oneStatus(text)
    case 'abort':
      return oneStatus(text)
    case 'exit_code':
      return NUMERIC.test(text) ? `write the plain number: ${text}` : undefined
    case 'target':
      return /^[\w.-]+(:\d+)?$/.test(text) ? `did you mean http://${text}?` : undefined
    case 'at':
      // Spelt almost like `ingress`, and somewhere else.
      return text === 'egress' ? 'upstream is behind the router, so that its policy reacts; ingress is before it' : undefined
  }
  if (!kindAt(path)?.startsWith('path')) return undefined
  if (/^\/[^#]* [^#]*$/.test(text)) return `did you mean "${text.trim().replaceAll(' ', '%20')}"?`
  return /^[\w.-][^\s#?]*$/.test(text) && !text.includes('://') ? `did you mean "/${text}"?` : undefined
}

const oneStatus = (text: string) =>
  STATUS_CLASS.test(text) ? `name one status, such as ${text[0] === '5' ? 503 : `${text[0]}00`}` : undefined

function sharesMeant([first, ...others]: readonly unknown[]): string | undefined {
  if (first === undefined || [first, ...others].some((each) => typeof each === 'object')) return undefined
  return `write a share of each, such as status: { ${first}: ">= 90%"${others.map((each) => `, ${each}: "<= 10%"`).join('')} }`
}

/** Comparisons, by the words that other tools have for them as keys. */
const COMPARISONS: Record<string, string> = {
  ...named('>=', ['>=', '=>', 'min', 'gte', 'ge', 'at_least']),
  ...named('<=', ['<=', '=<', 'max', 'lte', 'le', 'at_most']),
  ...named('>', ['>', 'gt', 'above', 'more_than']),
  ...named('<', ['<', 'lt', 'below', 'less_than']),
  ...named('=', ['=', '==', 'eq', 'equals', 'exactly']),
}

const QUANTITIES: Record<Quantity, true> = { share: true, latency: true, count: true, factor: true, throughput: true }

/** `success_rate: { min: 99% }` and `attempts: { stock: 1 }`: a condition is text, and a claim on one cluster names that beside it. */
function claimMeant(path: DocumentPath, value: unknown, document: unknown): string | undefined {
  const [first, index, metric, ...inner] = path
  if (first !== 'expect' || typeof index !== 'number' || typeof metric !== 'string' || inner.length > 0 || !isMap(value)) return undefined
  const quantity = kindAt(path)?.split(' ')[0] as string
  if (!(quantity in QUANTITIES)) return undefined
  const [[key, asked] = ['', undefined], ...others] = Object.entries(value)
  if (typeof asked !== 'string' && typeof asked !== 'number') return undefined
  const upstreams = isMap(document) && isMap(document.upstreams) ? Object.keys(document.upstreams) : []
  if (upstreams.includes(key)) {
    const each = others.length === 0 ? '' : ', in an item of its own for each cluster'
    return `a claim names its cluster beside it: write cluster: ${key}, ${metric}: ${flow(asked)}${each}`
  }
  const op = Object.hasOwn(COMPARISONS, key) ? COMPARISONS[key] : undefined
  const text = `${op} ${asked}`
  if (op === undefined || others.length > 0) return undefined
  return `write ${metric}: ${JSON.stringify(conditionMeant(text, quantity as Quantity) ?? text)}`
}

/** The key whose value an item is called by. */
const CALLED_BY: Record<string, string> = { phases: 'name', faults: 'cluster', requests: 'name', expect: 'phase' }

/** Whether an item is a map under its own name, as in `- baseline: { for: 3s }`: that its keys are missing is then no news. */
export function isUnderItsName(path: DocumentPath, value: unknown): boolean {
  if (typeof path.at(-1) !== 'number' || !Object.hasOwn(CALLED_BY, String(path.at(-2))) || !isMap(value)) return false
  const values = Object.values(value)
  return values.length === 1 && (isMap(values[0]) || values[0] === null)
}

/** What is meant by a key that is no key of the map at `path`, seen with what else stands in that. */
export function keyMeant(path: DocumentPath, key: string, map: unknown, document: unknown): string | undefined {
  if (!isMap(map)) return undefined
  if (isUnderItsName(path, map)) return short(`write ${flow({ [CALLED_BY[String(path.at(-2))] as string]: key, ...(map[key] as object) })}`)
  if (path.at(-1) === 'when') return short(`write when: { header: ${flow(map)} }`)
  if (path.at(-2) === 'requests' && ['method', 'path', 'url'].includes(key)) {
    const method = METHODS.find((each) => each === String(map.method).toUpperCase()) ?? 'GET'
    return `the method is the key of the path: write ${method}: ${flow(map.path ?? map.url ?? '/items/42')}`
  }
  if (path.at(-2) === 'routes' && key === 'route') return 'write cluster, timeout and retry_policy beside match'
  return claimMeant(path, map, document)
}

/** Text in the place of an item. */
function itemMeant(path: DocumentPath, value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > LONGEST) return undefined
  switch (path.at(-2)) {
    case 'phases':
      return `write { name: ${flow(value)}, for: 10s }`
    case 'requests': {
      const [, method = 'GET', target] = /^(?:([A-Za-z]+)\s+)?(\/\S*)$/.exec(value) ?? []
      return target === undefined ? undefined : `write { ${method.toUpperCase()}: ${target} }`
    }
    case 'expect': {
      const [, metric = '', asked = ''] = /^([\w.]+)\s*:?\s*([<>=≤≥].*)$/.exec(value) ?? []
      if (!(METRIC_NAMES as string[]).includes(metric)) return undefined
      const quantity = kindAt(['expect', 0, metric])?.split(' ')[0] as Quantity
      return `write { ${metric}: ${JSON.stringify((quantity in QUANTITIES && conditionMeant(asked, quantity)) || asked)} }`
    }
  }
  return undefined
}

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

/** `body: ok`, `match: /items`, `env: [A=b]`. */
function mapMeant(key: string, value: unknown): string | undefined {
  if (key === 'respond' && typeof value === 'number') return `write respond: { status: ${value} }`
  if (key === 'rate_limit' && typeof value === 'number') return `write rate_limit: { limit_kbps: ${value} }`
  if (key === 'bursts' && typeof value === 'number') return `write how often, too: bursts: { size: ${value}, every: 1s }`
  if (key === 'headers' && typeof value === 'string') return `write headers: { ${flow(value)}: { present: true } }`
  if (Array.isArray(value)) return pairsMeant(key, value)
  const meant = Object.hasOwn(MEANT, key) ? MEANT[key] : undefined
  if (meant === undefined || (typeof value !== 'string' && typeof value !== 'number')) return undefined
  const inner = meant[0] === 'value' ? String(value).replace(/\s*%$/, '') : flow(value)
  return `write ${meant.map((each) => `${key}: { ${each}: ${inner} }`).join(' or ')}`
}

/** A list of `A=b`, `A: b` or, for upstreams, of names. */
function pairsMeant(key: string, list: readonly unknown[]): string | undefined {
  const pairs = list.map((item): Record<string, unknown> | undefined => {
    if (isMap(item)) return item
    if (typeof item !== 'string') return undefined
    const [, name, value] = /^([^=:\s]+)\s*[=:]\s*(.*)$/.exec(item) ?? []
    if (name !== undefined) return { [name]: value }
    return key === 'upstreams' ? { [item]: {} } : undefined
  })
  if (pairs.length === 0 || pairs.includes(undefined)) return undefined
  return `write ${key}: ${flow(Object.assign({}, ...pairs))}`
}

const LONGEST = 200

/** As YAML has it on one line: text in quotes where it would be read as something else. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`
  if (isMap(value)) {
    const pairs = Object.entries(value).map(([key, inner]) => `${flow(key)}: ${flow(inner)}`)
    return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`
  }
  if (typeof value !== 'string') return String(value)
  const text = value.length > LONGEST ? `${value.slice(0, LONGEST - 1)}…` : value
  return /^[\w./$][\w./$-]*(?: [\w./$-]+)*$/.test(text) ? text : JSON.stringify(text)
}

function named(op: string, words: readonly string[]): Record<string, string> {
  return Object.fromEntries(words.map((word) => [word, op]))
}

const isMap = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === 'object' && !Array.isArray(value)
