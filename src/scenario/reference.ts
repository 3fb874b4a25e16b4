import { describedKinds } from '../fault/registry.ts'
import { METRIC_NAMES } from './expect-schema.ts'
import { type JsonSchema, scenarioJsonSchema } from './json-schema.ts'

/** The parts of the reference, by where in the schema each table comes from (`*`: any name, `[]`: an item). */
const SECTIONS: readonly string[] = [
  '',
  'upstreams.*',
  'upstreams.*.respond',
  'app',
  'app.ready',
  'app.client',
  'envoy',
  'envoy.clusters.*',
  'envoy.clusters.*.circuit_breakers',
  'envoy.clusters.*.circuit_breakers.retry_budget',
  'envoy.clusters.*.outlier_detection',
  'envoy.clusters.*.common_lb_config',
  'envoy.clusters.*.common_lb_config.healthy_panic_threshold',
  'envoy.routes.[]',
  'envoy.routes.[].match',
  'envoy.routes.[].retry_policy',
  'envoy.routes.[].retry_policy.retry_back_off',
  'envoy.routes.[].retry_policy.rate_limited_retry_back_off',
  'envoy.routes.[].retry_policy.rate_limited_retry_back_off.reset_headers.[]',
  'envoy.routes.[].hedge_policy',
  'envoy.routes.[].max_stream_duration',
  'envoy.http_connection_manager',
  'load',
  'load.requests.[]',
  'load.requests.[].upload',
  'phases.[]',
  'phases.[].bursts',
  'phases.[].faults.[]',
  'phases.[].faults.[].rate_limit',
  'phases.[].faults.[].when',
  'expect.[]',
  'expect.[].given',
  'expect.[].body',
]

const headingOf = (at: string) => (at === '' ? 'The file' : `\`${at.replaceAll('.[]', '[]').replaceAll('*', '<name>')}\``)

/** How each kind of value is spelt. */
const VALUES: readonly [string, string][] = [
  ['duration', 'A number with its unit: `us`, `ms`, `s`, `m` or `h`: `250ms`, `1.5s`, `1m30s`.'],
  ['rate', 'Events per second: `200/s`.'],
  ['percentage', 'A plain number above 0, at most 100, with at most four decimals.'],
  ['name', 'Letters, digits, `-` and `_`, at most 60.'],
  ['headers', 'A map from names to values. Names are compared without regard to case; values exactly.'],
  ['share', 'A condition on a share: `">= 99%"`, `"<= 1%"`, `"5% .. 15%"`; plain `0%` and `100%` mean exactly that.'],
  ['latency', 'A condition on a time: `"<= 150ms"`, `"200ms .. 260ms"`.'],
  ['count', 'A condition on a whole number: `0`, `3`, `">= 1"`, `"10 .. 20"`.'],
  ['factor', 'A condition on a ratio of counts: `"<= 1.2"`, `"1.1 .. 1.3"`.'],
  ['throughput', 'A condition on events per second: `">= 180/s"`, `"90/s .. 110/s"`.'],
]

/** The scenario reference in Markdown, for the README: made from the schema alone. */
export function renderReference(): string {
  const sections = SECTIONS.map((at) => section(headingOf(at), schemaAt(at), at === 'expect.[]'))
  const metrics = [`#### Metrics`, 'What an expectation claims, with its one definition.', metricsTable(schemaAt('expect.[]'))].join('\n\n')
  const values = [
    '#### Values',
    table(
      ['kind', 'how it is written'],
      VALUES.map(([kind, text]) => [kind, text]),
    ),
  ].join('\n\n')
  const faults = [
    '#### Kinds of fault',
    'What `phases[].faults[]` may make, one kind each or a delay with an abort, and what Envoy sees of it behind its router.',
    table(
      ['kind', 'written as', 'what Envoy sees'],
      describedKinds().map(({ name, examples, seenAs }) => [`\`${name}\``, examples.map((example) => `\`${example}\``).join(', '), seenAs]),
    ),
  ].join('\n\n')
  return `${[values, ...sections, faults, metrics].join('\n\n')}\n`
}

function section(heading: string, schema: JsonSchema, isExpectation: boolean): string {
  const keys = Object.entries(schema.properties ?? {}).filter(([key]) => !isExpectation || !(METRIC_NAMES as string[]).includes(key))
  const rows = keys.map(([key, value]) => {
    const { meaning, fallback } = meaningOf(value)
    return [`\`${key}\``, typeOf(value), (schema.required ?? []).includes(key) ? 'required' : fallback, meaning]
  })
  return [`#### ${heading}`, table(['key', 'type', 'default', 'meaning'], rows)].join('\n\n')
}

/** The last words of a description say the default, where it is not the schema that fills it in. */
function meaningOf({ description = '', default: value }: JsonSchema): { meaning: string; fallback: string } {
  if (value !== undefined && (typeof value !== 'object' || value === null)) return { meaning: description, fallback: `\`${value}\`` }
  const [, meaning, fallback] = /^(.*?) ?(?:Default:?|Left out:) ([^.]+)\.$/.exec(description) ?? []
  return meaning === undefined || fallback === undefined
    ? { meaning: description, fallback: '' }
    : { meaning, fallback: /^\w+$/.test(fallback) && /\d/.test(fallback) ? `\`${fallback}\`` : fallback }
}

function metricsTable(schema: JsonSchema): string {
  const rows = METRIC_NAMES.flatMap((metric) => {
    const value = schema.properties?.[metric] as JsonSchema
    const parts = (value.anyOf ?? []).flatMap((form) => Object.entries(form.properties ?? {}))
    return [
      [`\`${metric}\``, typeOf(value), value.description ?? ''],
      ...parts.map(([key, part]) => [`\`${metric}.${key}\``, typeOf(part), part.description ?? '']),
    ]
  })
  return table(['metric', 'type', 'definition'], rows)
}

function typeOf(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(', ')
  if (schema.title !== undefined) return schema.title
  if (schema.items !== undefined) return `list of ${schema.items.enum === undefined ? plural(typeOf(schema.items)) : typeOf(schema.items)}`
  if (schema.properties !== undefined || schema.additionalProperties !== undefined) return 'map'
  return schema.type === 'string' ? 'text' : schema.type === 'boolean' ? '`true` or `false`' : String(schema.type ?? 'any')
}

const plural = (noun: string) => (noun.endsWith('s') ? `${noun}es` : `${noun}s`)

function schemaAt(at: string): JsonSchema {
  let found = scenarioJsonSchema()
  for (const part of at === '' ? [] : at.split('.')) {
    const next = part === '[]' ? found.items : part === '*' ? found.additionalProperties : found.properties?.[part]
    if (typeof next !== 'object') throw new Error(`the schema has no ${at}`)
    found = next
  }
  return found
}

function table(head: string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
