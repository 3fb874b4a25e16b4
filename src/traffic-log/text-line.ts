import type { BadLine, LogEntry } from './entry.ts'

/** Envoy's default format, as `log_format.text_format_source.inline_string` has it. @see Envoy `configuration/observability/access_log/usage` */
export const DEFAULT_FORMAT =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"\\n'

/** What a client sends may hold blanks and quotes, so both lines are read from their two ends. */
const HEAD = String.raw`\[([^\]]+)\] "(\S+) (.*?) (\S+)" (\d+) (\S+) `
const TAIL = String.raw`\d+ \d+ (\d+) (\d+|-) "[^"]*" ".*" "[^"]*" "([^"]*)" "([^"]*)"`
const DEFAULT = new RegExp(`^${HEAD}${TAIL}`)
/** Istio puts three fields before the bytes, and the cluster behind the host. */
const ISTIO = new RegExp(String.raw`^${HEAD}(\S+) (?:\S+) "[^"]*" ${TAIL} (\S+)`)

/** The fields one by one, for the place at which a line that does not match goes wrong. */
const STEPS: readonly (readonly [RegExp, string])[] = [
  [/\[[^\]]+\] /y, '[%START_TIME%]'],
  [/"\S+ .*? \S+" /y, '"METHOD PATH PROTOCOL" in quotes'],
  [/\d+ /y, '%RESPONSE_CODE%, a number'],
  [/\S+ /y, '%RESPONSE_FLAGS%, such as - or UT'],
  [/\d+ /y, '%BYTES_RECEIVED%, a number'],
  [/\d+ /y, '%BYTES_SENT%, a number'],
  [/\d+ /y, '%DURATION%, a number of ms'],
  [/(?:\d+|-) /y, '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%, a number of ms or -'],
]

const given = (text: string | undefined) => (text === '-' || text === '' ? undefined : text)
const flagsOf = (text: string) => (text === '-' ? [] : text.split(','))

/** Envoy's default text, or that of Istio. */
export function parseTextLine(line: string): LogEntry | BadLine {
  const usual = DEFAULT.exec(line)
  const istio = usual === null ? ISTIO.exec(line) : null
  const found = usual ?? istio
  if (found === null) return badPlace(line)
  const [, time = '', method, path, , status, flags = '-'] = found
  const [ms, service, authority, host] = found.slice(istio === null ? 7 : 8)
  const start = Date.parse(time)
  if (Number.isNaN(start)) return { col: 2, expected: 'a time such as 2026-11-24T10:31:45.123Z' }
  return {
    start,
    ms: Number(ms),
    serviceMs: service === '-' ? undefined : Number(service),
    method: given(method),
    path: given(path),
    authority: given(authority),
    status: Number(status),
    flags: flagsOf(flags),
    details: given(istio?.[7]),
    cluster: given(istio?.[12]),
    host: given(host),
    attempts: undefined,
  }
}

function badPlace(line: string): BadLine {
  let at = 0
  for (const [step, expected] of STEPS) {
    step.lastIndex = at
    if (!step.test(line)) return { col: at + 1, expected }
    at = step.lastIndex
  }
  return { col: at + 1, expected: 'five texts in quotes: X-FORWARDED-FOR, USER-AGENT, X-REQUEST-ID, :AUTHORITY and %UPSTREAM_HOST%' }
}
