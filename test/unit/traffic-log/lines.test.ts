import { describe, expect, test } from 'vitest'
import { type LogEntry, outcomeOf } from '../../../src/traffic-log/entry.ts'
import { isBad, parseLine } from '../../../src/traffic-log/parse-line.ts'

const DEFAULT =
  '[2026-11-24T10:31:45.123Z] "GET /items/4?a=b c HTTP/1.1" 200 - 0 154 37 36 "10.0.0.9" "Mozilla "5.0" (X)" "id-1" "shop.local" "10.0.0.1:8080"'
const ISTIO =
  '[2026-11-24T10:31:45.123Z] "GET /items HTTP/2" 504 UT upstream_response_timeout - "-" 0 24 1000 - "-" "curl/8" "id-2" "shop" "10.0.0.1:80" outbound|80||shop.default.svc.cluster.local 10.0.0.2:1 10.0.0.3:80 10.0.0.2:5 - default'

function parsed(line: string): LogEntry {
  const entry = parseLine(line)
  if (isBad(entry)) throw new Error(`${entry.col}: ${entry.expected}`)
  return entry
}

describe('a line of text', () => {
  test('Envoy’s own, with blanks in the path and quotes in what a client sent', () => {
    expect(parsed(DEFAULT)).toEqual({
      start: Date.UTC(2026, 10, 24, 10, 31, 45, 123),
      ms: 37,
      serviceMs: 36,
      method: 'GET',
      path: '/items/4?a=b c',
      authority: 'shop.local',
      status: 200,
      flags: [],
      details: undefined,
      cluster: undefined,
      host: '10.0.0.1:8080',
      attempts: undefined,
    })
  })

  test('Istio’s, which also has details and the cluster', () => {
    expect(parsed(ISTIO)).toMatchObject({
      ms: 1000,
      serviceMs: undefined,
      flags: ['UT'],
      details: 'upstream_response_timeout',
      authority: 'shop',
      host: '10.0.0.1:80',
      cluster: 'outbound|80||shop.default.svc.cluster.local',
    })
  })

  test.each([
    ['hello', 1, '[%START_TIME%]'],
    [DEFAULT.replace(' 200 ', ' OK '), DEFAULT.indexOf('200') + 1, '%RESPONSE_CODE%'],
    [DEFAULT.replace(' 37 ', ' x '), DEFAULT.indexOf(' 37 ') + 2, '%DURATION%'],
    [DEFAULT.slice(0, DEFAULT.indexOf('"10.0.0.9"')), DEFAULT.indexOf('"10.0.0.9"') + 1, 'five texts'],
    [DEFAULT.replace('2026-11-24T10', 'noon'), 2, 'a time'],
  ])('%j is refused with its place', (line, col, expected) => {
    expect(parseLine(line)).toEqual({ col, expected: expect.stringContaining(expected) })
  })
})

describe('a line of JSON', () => {
  const LINE = { start_time: '2026-11-24T10:31:45.123Z', duration: 37, response_code: 200 }

  test('keys may be the operators themselves, numbers texts, and the time seconds', () => {
    const entry = parsed(
      JSON.stringify({
        '%START_TIME(%s.%3f)%': 1,
        START_TIME: '1795516305.5',
        'REQ(:METHOD)': 'GET',
        '%DURATION%': '37',
        response_code: '200',
        upstream_cluster: 'shop',
        'RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)': '36',
        response_flags: 'URX,UT',
        upstream_request_attempt_count: 2,
      }),
    )
    expect(entry).toMatchObject({ start: 1_795_516_305_500, method: 'GET', ms: 37, serviceMs: 36, cluster: 'shop', attempts: 2 })
    expect(entry.flags).toEqual(['URX', 'UT'])
  })

  test.each(['start_time', 'duration', 'response_code'])('without %s it is refused', (key) => {
    expect(parseLine(JSON.stringify({ ...LINE, [key]: '-' }))).toMatchObject({ expected: expect.stringContaining(key) })
    expect(isBad(parseLine(JSON.stringify(LINE)))).toBe(false)
  })

  test('a part of a line is refused', () => {
    expect(isBad(parseLine('{"start_time":'))).toBe(true)
  })
})

describe('what a duration says', () => {
  const entry = (more: Partial<LogEntry>): LogEntry => ({
    ...parsed(DEFAULT),
    ...more,
  })
  test.each<[string, Partial<LogEntry>]>([
    ['served', {}],
    ['served', { status: 404 }],
    ['cut', { status: 504, flags: ['UT'], serviceMs: undefined }],
    ['cut', { status: 504, flags: ['URX', 'UT'] }],
    ['cut', { status: 504, details: 'upstream_response_timeout' }],
    ['left', { status: 0, flags: ['DC'] }],
    ['left', { status: 499 }],
    ['refused', { status: 503, flags: ['UO'], serviceMs: undefined, host: undefined }],
    // A retry was suppressed: the answer is the upstream's own failure.
    ['failed', { status: 503, flags: ['UO'] }],
    ['refused', { status: 404, flags: ['NR'], serviceMs: undefined, host: undefined }],
    ['refused', { status: 301, serviceMs: undefined, host: undefined }],
    ['failed', { status: 503, flags: ['UF'] }],
    ['failed', { status: 500 }],
    ['failed', { flags: ['DI'] }],
    ['tunnel', { status: 101 }],
    ['tunnel', { method: 'CONNECT' }],
  ])('%s: %j', (outcome, more) => {
    expect(outcomeOf(entry(more))).toBe(outcome)
  })
})
