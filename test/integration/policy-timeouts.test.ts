import { connect } from 'node:net'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Address } from '../../src/envoy/addresses.ts'
import { readCalls, type SeenCall } from '../../src/observe/calls.ts'
import { parseLogs } from '../../src/observe/parse-logs.ts'
import { causeOf } from '../../src/verdict/cause.ts'
import { clusterStat, linesOf, type Ran, runScenario, type StraightRecord, to } from '../helpers/scenario.ts'

/** Envoy arms a timer from the time at which its event loop woke up, so it fires early by what the loop was busy since. */
const EARLY_MS = 15
/** What two shared cores may add to any wait. Not a claim about Envoy. */
const MACHINE_LAG_MS = 150

const LIMIT_MS = 150
const TRY_MS = 80
const REQUEST_MS = 300

/** Sends the head of a POST and so many bytes of its body, one every 50 ms; resolves with what came back when the connection ends. */
function upload({ host, port }: Address, id: string, bytes: number): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(port, host)
    const close = (timer: NodeJS.Timeout) => {
      clearInterval(timer)
      resolve(answer)
    }
    socket.write(`POST /upload HTTP/1.1\r\nhost: a\r\nx-request-id: ${id}\r\ncontent-length: 10\r\nconnection: close\r\n\r\n`)
    let sent = 0
    const timer = setInterval(() => sent++ < bytes && !answer && socket.write('x'), 50)
    socket.on('data', (data) => {
      answer += String(data)
    })
    socket.on('error', () => close(timer)).on('close', () => close(timer))
  })
}

let ran: Ran
let answers: { whole: string; cut: string }
// Nothing answers within 600 ms, but /fast and /upload.
beforeAll(async () => {
  const retry = (more: string) => `retry_policy: { retry_on: [5xx], retry_back_off: { base_interval: 1ms }, ${more} }`
  // Drawn from 0 to that: within 150 ms once in 7 million times.
  const patient = 'retry_policy: { retry_on: [5xx], retry_back_off: { base_interval: 1000000s } }'
  const life = `max_stream_duration: { max_stream_duration: ${LIMIT_MS}ms }`
  ran = await runScenario(
    `
upstreams:
  slow: { latency: 600ms }
  held: { latency: 1ms }
  failing: { respond: { status: 503 } }
  fast: { latency: 1ms }
envoy:
  http_connection_manager: { request_timeout: ${REQUEST_MS}ms }
  clusters:
    slow: { circuit_breakers: { max_retries: 100 } }
    failing: { circuit_breakers: { max_retries: 100 } }
  routes:
    - { match: { path: /idle }, cluster: slow, idle_timeout: ${LIMIT_MS}ms }
    - { match: { path: /idle/back-off }, cluster: failing, idle_timeout: ${LIMIT_MS}ms, ${patient} }
    - { match: { path: /idle/ingress }, cluster: held, idle_timeout: ${LIMIT_MS}ms }
    - { match: { path: /life }, cluster: slow, ${life} }
    - { match: { path: /life/back-off }, cluster: failing, ${life}, ${patient} }
    - { match: { path: /life/ingress }, cluster: held, ${life} }
    - { match: { path: /life/tries }, cluster: slow, ${life}, ${retry(`num_retries: 5, per_try_timeout: ${TRY_MS}ms`)} }
    - { match: { path: /try }, cluster: slow, timeout: 2s, ${retry(`num_retries: 2, per_try_idle_timeout: ${TRY_MS}ms`)} }
    - { match: { path: /try/both }, cluster: slow, timeout: 2s, ${retry(`num_retries: 0, per_try_timeout: ${LIMIT_MS}ms, per_try_idle_timeout: ${TRY_MS}ms`)} }
    - { match: { path: /request/ingress }, cluster: held }
    - { match: { path: /request/response }, cluster: slow }
    - { match: { path: /none }, cluster: slow, idle_timeout: 0s, max_stream_duration: { max_stream_duration: 0s }, ${retry('per_try_idle_timeout: 0s')} }
    - { match: { path: /fast }, cluster: fast, idle_timeout: ${LIMIT_MS}ms, ${life}, ${retry(`per_try_idle_timeout: ${TRY_MS}ms`)} }
    - { match: { path: /upload }, cluster: fast }
load:
  rate: 100/s
  deadline: 3s
  requests:
${PATHS.map((path) => `    - GET: ${path}`).join('\n')}
    - { POST: /upload, body: abcdefghij, upload: { over: 600ms } }
phases: [{ name: all, for: 800ms, faults: [{ cluster: held, delay: 500ms, at: ingress }] }]
`,
    {
      async meanwhile({ entrance }) {
        const [whole, cut] = await Promise.all([upload(entrance, 'whole', 10), upload(entrance, 'cut', 3), upload(entrance, 'whole-2', 10)])
        answers = { whole, cut }
      },
    },
  )
})

const PATHS = [
  '/idle',
  '/idle/back-off',
  '/idle/ingress',
  '/life',
  '/life/back-off',
  '/life/ingress',
  '/life/tries',
  '/try',
  '/try/both',
  '/request/ingress',
  '/request/response',
  '/none',
  '/fast',
]

/** The requests of a path, each of which must show the same. */
function every(path: string): readonly StraightRecord[] {
  const records = to(ran, path)
  expect(records.length).toBeGreaterThan(0)
  return records
}

const cuts = (record: StraightRecord) => record.attempts.map((attempt) => attempt.cutBy)

function expectAbout(measuredMs: number | undefined, ms: number) {
  expect(measuredMs).toBeGreaterThanOrEqual(ms - EARLY_MS)
  expect(measuredMs).toBeLessThan(ms + MACHINE_LAG_MS)
}

/** What it shows when a limit ends a whole request: in flight, in a back-off, and while a fault before the router holds it. */
describe.each([
  ['/idle', 'idle', 'stream_idle_timeout', 'envoy.routes[0].idle_timeout'],
  ['/life', 'max_stream_duration', 'max_duration_timeout', 'envoy.routes[3].max_stream_duration.max_stream_duration'],
])('%s', (path, by, details, place) => {
  test('ends the request and the attempt in flight, which the stub had received', () => {
    for (const record of every(path)) {
      expect(record).toMatchObject({ status: 504, egress: { cutBy: by, details } })
      expect(cuts(record)).toEqual([by])
      expectAbout(record.egress?.durationMs, LIMIT_MS)
      expect(record.attempts[0]?.stub?.answered).toBeNull()
      expect(causeOf(record)).toBe(`504 cut by ${place}`)
    }
  })

  test('in a back-off it cuts no attempt', () => {
    for (const record of every(`${path}/back-off`)) {
      expect(record).toMatchObject({ status: 504, egress: { cutBy: by } })
      expect(cuts(record)).toEqual([null])
      expectAbout(record.egress?.durationMs, LIMIT_MS)
    }
  })

  test('sees a delay before the router, which the router never sees', () => {
    for (const record of every(`${path}/ingress`)) {
      expect(record).toMatchObject({ status: 504, attempts: [], egress: { cutBy: by } })
      expectAbout(record.egress?.durationMs, LIMIT_MS)
    }
  })
})

// 80 ms + a back-off of at most 1 ms + 70 ms = 150 ms: the second try is the one in flight.
test('max_stream_duration goes on over the tries, each with its own limit', () => {
  for (const record of every('/life/tries')) {
    expect(record).toMatchObject({ status: 504, egress: { cutBy: 'max_stream_duration' } })
    expect(cuts(record)).toEqual(['per_try', 'max_stream_duration'])
  }
})

describe('per_try_idle_timeout', () => {
  test('cuts each silent try and tries again', () => {
    for (const record of every('/try')) {
      expect(record).toMatchObject({ status: 504, egress: { cutBy: null, details: 'upstream_per_try_idle_timeout' } })
      expect(cuts(record)).toEqual(['per_try_idle', 'per_try_idle', 'per_try_idle'])
      for (const attempt of record.attempts) expectAbout(attempt.durationMs, TRY_MS)
      expect(causeOf(record)).toBe('504 cut by envoy.routes[7].retry_policy.per_try_idle_timeout on every try')
    }
    const cut = ran.records.flatMap((record) => record.attempts).filter((attempt) => attempt.cutBy === 'per_try_idle').length
    expect(clusterStat(ran, 'slow', 'upstream_rq_per_try_idle_timeout')).toBe(cut)
  })

  test('comes before a longer per_try_timeout', () => {
    for (const record of every('/try/both')) expect(cuts(record)).toEqual(['per_try_idle'])
  })
})

describe('request_timeout', () => {
  const calls = (id: string): SeenCall[] =>
    readCalls(parseLogs(linesOf(ran.logs)), ran.conducted.client.startedAt, ran.plan).filter((call) => call.id === id)

  test('ends an upload that is not whole, although its attempt had begun', () => {
    expect(answers.cut).toMatch(/^HTTP\/1.1 408 [\s\S]*request timeout/)
    const [call] = calls('cut')
    expect(call).toMatchObject({ egress: { status: 408, cutBy: 'request', details: 'request_overall_timeout' } })
    expect(call?.attempts).toMatchObject([{ n: 1, status: 0, cutBy: 'request', stub: { answered: null } }])
    expectAbout(call?.egress.durationMs, REQUEST_MS)
  })

  test('so does the load with a request that has upload, and sees 408', () => {
    for (const record of every('/upload')) {
      expect(record).toMatchObject({ status: 408, error: null, egress: { cutBy: 'request' }, attempts: [{ cutBy: 'request' }] })
      expect(causeOf(record)).toBe('408 cut by envoy.http_connection_manager.request_timeout')
      expectAbout(record.egress?.durationMs, REQUEST_MS)
    }
  })

  // Ten bytes, one every 50 ms, take longer than 300 ms.
  test('whether or not bytes still come', () => expect(answers.whole).toMatch(/^HTTP\/1.1 408 /))

  test('never sees the response', () => {
    for (const record of every('/request/response')) {
      expect(record).toMatchObject({ status: 200, egress: { cutBy: null } })
      expect(record.egress?.durationMs).toBeGreaterThan(2 * REQUEST_MS - EARLY_MS)
    }
  })

  test('sees a delay before the router, which holds the request while it is read', () => {
    for (const record of every('/request/ingress')) {
      // 408 would blame the caller, who has sent it all.
      expect(record).toMatchObject({ status: 504, attempts: [], egress: { cutBy: 'request' } })
      expect(causeOf(record)).toBe('504 cut by envoy.http_connection_manager.request_timeout')
      expectAbout(record.egress?.durationMs, REQUEST_MS)
    }
  })
})

test.each(['/none', '/fast'])('%s: no limit cuts', (path) => {
  for (const record of every(path)) {
    expect(record).toMatchObject({ status: 200, egress: { cutBy: null } })
    expect(cuts(record)).toEqual([null])
  }
})

test('no source contradicts another, and the fault is believed although limits cut it short', () => {
  expect(ran.observations.unsound).toEqual([])
  expect(ran.observations.faults).toMatchObject([{ doubt: null }])
})
