import type { BadLine, LogEntry } from './entry.ts'

type Field = keyof LogEntry

/** How a field may be called, in small letters with `_` between its words: after the operator of Envoy that fills it. */
const NAMES: Readonly<Record<string, Field>> = {
  start_time: 'start',
  duration: 'ms',
  upstream_service_time: 'serviceMs',
  x_envoy_upstream_service_time: 'serviceMs',
  resp_x_envoy_upstream_service_time: 'serviceMs',
  method: 'method',
  req_method: 'method',
  path: 'path',
  req_path: 'path',
  x_envoy_original_path: 'path',
  req_x_envoy_original_path_path: 'path',
  authority: 'authority',
  req_authority: 'authority',
  response_code: 'status',
  response_flags: 'flags',
  response_code_details: 'details',
  upstream_cluster: 'cluster',
  upstream_cluster_raw: 'cluster',
  upstream_host: 'host',
  upstream_request_attempt_count: 'attempts',
}

/** Each key of a log is looked at once: `%REQ(:METHOD)%` is `req_method`. */
const known = new Map<string, Field | undefined>()
function fieldOf(key: string): Field | undefined {
  if (known.has(key)) return known.get(key)
  const field =
    NAMES[
      key
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '_')
        .replace(/^_+|_+$/g, '')
    ]
  if (known.size < 1000) known.set(key, field)
  return field
}

/** A line of a `json_format` whose keys are called after Envoy's operators. Numbers may be written as texts. */
export function parseJsonLine(line: string): LogEntry | BadLine {
  let object: unknown
  try {
    object = JSON.parse(line)
  } catch {
    return { col: 1, expected: 'a whole JSON object on one line' }
  }
  if (typeof object !== 'object' || object === null) return { col: 1, expected: 'a JSON object' }
  const values: Partial<Record<Field, unknown>> = {}
  for (const [key, value] of Object.entries(object)) {
    const field = fieldOf(key)
    if (field !== undefined && value !== null && value !== '-' && value !== '') values[field] = value
  }
  const start = timeOf(values.start)
  const ms = numberOf(values.ms)
  const status = numberOf(values.status)
  if (start === undefined) return { col: 1, expected: 'a key start_time with %START_TIME%' }
  if (ms === undefined) return { col: 1, expected: 'a key duration with %DURATION%, in ms' }
  if (status === undefined) return { col: 1, expected: 'a key response_code with %RESPONSE_CODE%' }
  const text = (field: Field) => (typeof values[field] === 'string' ? values[field] : undefined)
  return {
    start,
    ms,
    serviceMs: numberOf(values.serviceMs),
    method: text('method'),
    path: text('path'),
    authority: text('authority'),
    status,
    flags: text('flags')?.split(',') ?? [],
    details: text('details'),
    cluster: text('cluster'),
    host: text('host'),
    attempts: numberOf(values.attempts),
  }
}

function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined
}

/** A text with a date, or seconds since 1970 (`%START_TIME(%s.%3f)%`). */
function timeOf(value: unknown): number | undefined {
  const seconds = numberOf(value)
  if (seconds !== undefined) return seconds * 1000
  const parsed = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(parsed) ? undefined : parsed
}
