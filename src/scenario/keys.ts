import { nearest } from '../value/nearest.ts'
import { type JsonSchema, scenarioJsonSchema } from './json-schema.ts'
import type { DocumentPath } from './scenario.ts'

/** What the schema knows of a place in the document: its keys, its description, and where else a key would be right. */

/** Words of other tools, and of Envoy's own documents, for what is spelt otherwise here. The first that is known wins. */
const OTHER_WORDS: Record<string, readonly string[]> = {
  percentage: ['percent'],
  probability: ['percent'],
  duration: ['for', 'delay'],
  fixed_delay: ['delay'],
  http_status: ['abort', 'status'],
  status_code: ['status', 'abort'],
  expected_status: ['success_status'],
  regex: ['matches'],
  safe_regex: ['regex', 'matches'],
  matches: ['regex'],
  max_retries: ['num_retries'],
  retries: ['num_retries'],
  retry: ['retries', 'num_retries', 'retried'],
  upstream: ['cluster', 'upstreams'],
  service: ['cluster'],
  services: ['upstreams'],
  clusters: ['upstreams'],
  steps: ['phases'],
  scenarios: ['phases'],
  asserts: ['expect'],
  expectations: ['expect'],
  assertions: ['expect'],
  rps: ['rate'],
  qps: ['rate'],
  environment: ['env'],
  entrypoint: ['command'],
  cmd: ['command'],
  args: ['command'],
  docker: ['image'],
  container: ['image'],
  container_name: ['image'],
  ports: ['port'],
  expose: ['port'],
  healthcheck: ['ready'],
  wait_for: ['ready'],
  build_args: ['args'],
  file: ['dockerfile'],
  path: ['GET', 'context'],
  count: ['replicas'],
  instances: ['replicas'],
  concurrency: ['workers'],
  header: ['headers'],
  headers: ['header', 'when'],
  latency: ['p99', 'delay'],
  ...Object.fromEntries(
    ['p50', 'p90', 'p95', 'p99'].flatMap((p) => [
      [`latency_${p}`, [p]],
      [`${p}_latency`, [p]],
    ]),
  ),
  errors: ['error_rate'],
  failures: ['error_rate'],
  availability: ['success_rate'],
  throughput: ['goodput'],
  recovers: ['recovers_within'],
  recovery: ['recovers_within'],
  timeout: ['route'],
  route_timeout: ['route'],
  per_try_timeout: ['per_try'],
  per_try_idle_timeout: ['per_try_idle'],
  connect_timeout: ['connect'],
  idle_timeout: ['idle'],
  request_timeout: ['request'],
  response: ['respond'],
  method: ['GET'],
  url: ['GET'],
  delay: ['fault'],
  abort: ['fault'],
}

/** Said of a key wherever it stands. */
const REMARKS: Record<string, string> = {
  '<<': 'merge keys are not part of YAML 1.2: write the keys out, or put an alias on the whole value',
  thresholds: 'write the limits of priority DEFAULT right under circuit_breakers',
  virtual_hosts: 'write the routes right under envoy',
}

/** What the schema calls the kind of value that `path` has: `share`, `count or map`. */
export const kindAt = (path: DocumentPath): string | undefined => schemasAt(path).find(({ title }) => title !== undefined)?.title

/** @returns what to do about the unknown key `key` of the map at `path`, if that can be guessed. */
export function adviceOnKey(path: DocumentPath, key: string): { hint?: string; meant?: string } {
  const known = knownKeys(path)
  const words = OTHER_WORDS[own(OTHER_WORDS, key)] ?? []
  const meant = words.find((word) => known.includes(word)) ?? nearest(key, known)
  const parts: string[] = []
  const remark = REMARKS[own(REMARKS, key)]
  const [, before = '', after = ''] = /^([\w.]+):(\S.*)$/.exec(key) ?? []
  if (known.includes(before)) return { hint: `a blank is missing after the ":": write ${before}: ${after}`, meant: before }
  if (remark !== undefined) parts.push(remark)
  else if (meant !== undefined) parts.push(`did you mean "${meant}"?`)
  // One and the same word in another form is no key of another place.
  const isForm = meant !== undefined && (meant.includes(key) || key.includes(meant))
  const places = isForm ? [] : placesOf(key)
  // Who writes it under envoy means that of envoy.
  const near = places.filter((place) => path[0] !== undefined && place.startsWith(`${path[0]}.`))
  const elsewhere = near.length > 0 ? near : places
  if (remark === undefined && elsewhere.length > 0 && elsewhere.length <= 2) parts.push(`"${key}" belongs under ${elsewhere.join(' or ')}`)
  const other = words.find((word) => outermost(word) !== undefined)
  if (parts.length === 0 && other !== undefined) parts.push(`"${other}" says that, under ${outermost(other)}`)
  if (parts.length === 0 && known.length > 0) parts.push(`expected ${known.length === 1 ? '' : 'one of '}${known.join(', ')}`)
  return { ...(parts.length === 0 ? {} : { hint: parts.join('; ') }), ...(meant === undefined ? {} : { meant }) }
}

/** All keys that the map at `path` may have, whatever its form; none where any name may stand. */
export function knownKeys(path: DocumentPath): string[] {
  return [...new Set(schemasAt(path).flatMap((schema) => Object.keys(schema.properties ?? {})))]
}

/** What the schema says of the value at `path`: its description, and an example of it. */
export function meaningOf(path: DocumentPath): { description?: string; example?: unknown } {
  const schema = schemasAt(path)[0]
  return {
    ...(schema?.description === undefined ? {} : { description: schema.description }),
    ...(schema?.examples === undefined ? {} : { example: schema.examples[0] }),
  }
}

/** A name of the user's must not find what every object inherits. */
const own = (table: object, key: string) => (Object.hasOwn(table, key) ? key : '')

function schemasAt(path: DocumentPath): JsonSchema[] {
  let found = [scenarioJsonSchema()]
  for (const part of path) found = found.flatMap((schema) => forms(schema)).flatMap((schema) => inside(schema, part))
  return found.flatMap((schema) => [schema, ...forms(schema)])
}

const forms = (schema: JsonSchema): JsonSchema[] => [schema, ...(schema.anyOf ?? []).flatMap(forms)]

function inside(schema: JsonSchema, part: string | number): JsonSchema[] {
  if (typeof part === 'number') return schema.items === undefined ? [] : [schema.items]
  const properties = schema.properties ?? {}
  if (Object.hasOwn(properties, part)) return [properties[part] as JsonSchema]
  return typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []
}

/** The only place of a key, or the one that all its others lie in. */
function outermost(key: string): string | undefined {
  const all = placesOf(key)
  return all.find((place) => all.every((other) => other.startsWith(place)))
}

let places: Map<string, string[]> | undefined

/** `envoy.routes[]` for `timeout`: each map of the format that has the key. */
function placesOf(key: string): readonly string[] {
  if (places === undefined) {
    places = new Map()
    collect(scenarioJsonSchema(), '', places)
  }
  return places.get(key) ?? []
}

function collect(schema: JsonSchema, at: string, into: Map<string, string[]>): void {
  for (const [key, child] of Object.entries(schema.properties ?? {})) {
    const known = into.get(key) ?? []
    if (!known.includes(at || 'the top level')) into.set(key, [...known, at || 'the top level'])
    collect(child, at === '' ? key : `${at}.${key}`, into)
  }
  if (schema.items !== undefined) collect(schema.items, `${at}[]`, into)
  if (typeof schema.additionalProperties === 'object') collect(schema.additionalProperties, `${at}.<name>`, into)
  for (const form of schema.anyOf ?? []) collect(form, at, into)
}
