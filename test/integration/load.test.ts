import type { IncomingMessage } from 'node:http'
import { createServer as createSocketServer, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, test, vi } from 'vitest'
import { KEPT_BODY_BYTES } from '../../src/content/answer.ts'
import { type ClientLog, requestId } from '../../src/load/client-log.ts'
import { Gate } from '../../src/load/gate.ts'
import { readyLoad } from '../../src/load/load.ts'
import type { LoadWatcher } from '../../src/load/load-run.ts'
import { Pulse } from '../../src/load/pulse.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import type { OpenLoad, Plan } from '../../src/plan/plan.ts'
import { compatibleShare } from '../../src/statistics/compatible.ts'
import { openLoadOf, runScenario, scenarioOf, toMicros } from '../helpers/scenario.ts'
import { closeAfterTest, listen, serve } from '../helpers/servers.ts'
import { refuses } from '../helpers/sockets.ts'

/** Two standard normal tails of 0.05 % each: an interval that holds 999 times in 1,000. */
const Z999 = 3.29
/** What two shared cores may add to any wait. Not a claim about the generator. */
const MACHINE_LAG_MS = 250
/** Node's timers take whole milliseconds. */
const TIMER_MS = 2

const planOf = (yaml: string) => compilePlan(scenarioOf(`upstreams: { one: {} }\n${yaml}`)) as Plan & { load: OpenLoad }

const UNSEEN: LoadWatcher = { onLog: () => {}, onSent: () => {}, onEnd: () => {} }

/** Sends a plan's requests to a server of the test, without Envoy. */
async function send(origin: string, plan: Plan, signal = new AbortController().signal, watcher = UNSEEN): Promise<ClientLog> {
  const gate = new Gate()
  gate.openUntil(Number.POSITIVE_INFINITY)
  const zero = performance.now() + 20
  const pulse = new Pulse(zero)
  closeAfterTest(() => pulse.stop())
  return readyLoad(plan.load)({ origin, plan, zero, gate, pulse, watcher, signal })
}

/** As fine as the record keeps times. */
const RECORDED_TO_MS = 0.001

const latencies = (log: ClientLog) => [...log.due].map((due, i) => log.endAt(i) - due)
const lateness = (log: ClientLog) => [...log.due].map((due, i) => log.sentAt(i) - due)
const quantile = (values: readonly number[], q: number) =>
  values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(q * values.length) - 1)] as number

describe('the plan', () => {
  test.each([
    ['200/s', '1s', 200],
    ['3/s', '1s', 3],
    ['333/s', '100ms', 34],
    ['7/s', '2500ms', 18],
    ['0.5/s', '4s', 2],
  ])('%s for %s are the requests that are due before its end: %i', (rate, time, count) => {
    const { due } = planOf(`load: { rate: ${rate} }\nphases: [{ name: all, for: ${time} }]`).load
    const perMs = Number.parseFloat(rate) / 1000
    expect([...due]).toEqual(Array.from({ length: count }, (_, i) => expect.closeTo(i / perMs, 9)))
  })

  const poisson = (seed: number) =>
    planOf(`seed: ${seed}\nload: { rate: 500/s, arrivals: poisson }\nphases: [{ name: all, for: 20s }]`).load.due

  test('Poisson arrivals come from the seed', () => {
    expect(poisson(3)).toEqual(poisson(3))
    expect(poisson(3)).not.toEqual(poisson(4))
  })

  // Gaps of a Poisson process of 500/s: mean 2 ms, variance 4 ms². The variance of n gaps has the relative error √(8/n).
  test.each([1, 2, 3])('Poisson arrivals have the mean and the variance of their rate (seed %i)', (seed) => {
    const due = poisson(seed)
    const gaps = [...due].map((at, i) => at - (i === 0 ? 0 : (due[i - 1] as number)))
    const n = gaps.length
    expect(Math.abs(n - 10_000)).toBeLessThan(Z999 * Math.sqrt(10_000))
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / n
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / (n - 1)
    expect(Math.abs(mean / 2 - 1)).toBeLessThan(Z999 / Math.sqrt(n))
    expect(Math.abs(variance / 4 - 1)).toBeLessThan(Z999 * Math.sqrt(8 / n))
  })

  test('kinds of request are drawn by weight', () => {
    const { request } = planOf(`
load: { rate: 1000/s, requests: [{ GET: /a, weight: 9 }, { GET: /b, weight: 0.5 }, { GET: /c, weight: 0.5 }] }
phases: [{ name: all, for: 5s }]`).load
    for (const [kind, share] of [0.9, 0.05, 0.05].entries()) {
      expect(compatibleShare([...request].filter((drawn) => drawn === kind).length, request.length, share)).toBe(true)
    }
  })
})

describe('on the wire', () => {
  test('methods, bodies and headers arrive whole, each request once and with its id', async () => {
    const seen: { request: IncomingMessage; body: string }[] = []
    const origin = await serve((request, response) => {
      let body = ''
      request.setEncoding('utf8')
      request.on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => {
        seen.push({ request, body })
        response.end('ok')
      })
    })
    const long = 'ü'.repeat(50_000)
    const plan = planOf(`
load:
  rate: 200/s
  requests:
    - { GET: "/get?q=1&r=2", headers: { X-User: Jason } }
    - { HEAD: /head }
    - { OPTIONS: /options }
    - { DELETE: /delete }
    - { POST: /json, json: { a: [1, "ü"] } }
    - { PUT: /text, body: "${long}", headers: { content-type: text/plain } }
    - { PATCH: /patch, body: "" }
phases: [{ name: all, for: 500ms }]`)
    const log = await send(origin, plan)
    expect([...log.errors]).toEqual([])
    expect([...log.status]).toEqual([...log.status].map(() => 200))
    expect(seen.map(({ request }) => request.headers['x-request-id']).toSorted()).toEqual(
      Array.from(plan.load.due, (_, i) => requestId(i)).toSorted(),
    )
    const of = (method: string) => seen.filter(({ request }) => request.method === method)
    const expected: Record<string, { url: string; body: string; headers: object }> = {
      GET: { url: '/get?q=1&r=2', body: '', headers: { 'x-user': 'Jason' } },
      HEAD: { url: '/head', body: '', headers: {} },
      OPTIONS: { url: '/options', body: '', headers: {} },
      DELETE: { url: '/delete', body: '', headers: {} },
      POST: { url: '/json', body: '{"a":[1,"ü"]}', headers: { 'content-type': 'application/json', 'content-length': '14' } },
      PUT: { url: '/text', body: long, headers: { 'content-type': 'text/plain', 'content-length': '100000' } },
      PATCH: { url: '/patch', body: '', headers: {} },
    }
    for (const [method, { url, body, headers }] of Object.entries(expected)) {
      expect(of(method).length).toBeGreaterThan(0)
      for (const arrived of of(method)) {
        expect([arrived.request.url, arrived.body]).toEqual([url, body])
        expect(arrived.request.headers).toMatchObject(headers)
      }
    }
  })

  // 7 bytes over 1 s have 6 gaps of 167 ms. A request that is answered early shows that the rest was not waited for.
  test('a slow upload sends its body in even pieces, and an answer that comes before the last of them ends the request', async () => {
    const uploads: { at: number; text: string }[][] = []
    const origin = await serve((request, response) => {
      const came: { at: number; text: string }[] = []
      const begun = performance.now()
      expect(request.headers['content-length']).toBe('7')
      request.on('data', (data) => came.push({ at: performance.now() - begun, text: String(data) }))
      if (request.url === '/early') setTimeout(() => response.writeHead(413).end('too slow'), 100)
      else request.on('end', () => uploads.push(came) && response.end('ok'))
    })
    const upload = 'upload: { over: 1s }'
    const plan = planOf(`
load: { rate: 20/s, requests: [{ POST: /whole, body: seven77, ${upload} }, { PUT: /early, json: abcde, ${upload} }] }
phases: [{ name: all, for: 500ms }]`)
    const log = await send(origin, plan)
    expect([...log.errors]).toEqual([])
    expect(new Set(log.status)).toEqual(new Set([200, 413]))
    for (const [i, latency] of latencies(log).entries()) {
      if (log.status[i] === 200) expect(latency).toBeGreaterThanOrEqual(1000 - TIMER_MS)
      else expect(latency).toBeLessThan(100 + MACHINE_LAG_MS)
    }
    for (const came of uploads) {
      expect(came.map(({ text }) => text).join('')).toBe('seven77')
      // A stall of this machine may bring pieces together.
      expect(came.length).toBeGreaterThanOrEqual(4)
      expect(came.at(-1)?.at).toBeGreaterThan(1000 - MACHINE_LAG_MS)
    }
  })

  // 100 requests/s, each answered after 100 ms: some ten are in flight at once, and ten connections carry all of them.
  test('each request in flight has a connection of its own, which serves the next one afterwards', async () => {
    const busy = new Map<Socket, number>()
    let most = 0
    const origin = await serve((request, response) => {
      busy.set(request.socket, (busy.get(request.socket) ?? 0) + 1)
      most = Math.max(most, ...busy.values())
      setTimeout(() => {
        busy.set(request.socket, (busy.get(request.socket) ?? 0) - 1)
        response.end('ok')
      }, 100)
    })
    const plan = planOf(`load: { rate: 100/s }\nphases: [{ name: all, for: 1s }]`)
    const log = await send(origin, plan)
    expect(most).toBe(1)
    expect(busy.size).toBeGreaterThanOrEqual(10)
    expect(busy.size).toBeLessThan(60)
    expect([...log.errors]).toEqual([])
    // Nobody queued for a connection.
    expect(quantile(latencies(log), 0.5)).toBeLessThan(100 + 50)
  })
})

test('answers are kept as they came: in pieces, cut short, too long, and no text', async () => {
  const gzipped = gzipSync('{"stock":3}')
  const origin = await serve((request, response) => {
    if (request.url === '/pieces') {
      response.write('{"sto')
      setTimeout(() => response.end('ck":3}'), 20)
    } else if (request.url === '/cut') {
      response.writeHead(200, { 'content-length': 100 }).write('half of')
      setTimeout(() => response.destroy(), 20)
    } else if (request.url === '/long') response.end('x'.repeat(100_000))
    else if (request.url === '/gzip') response.setHeader('content-encoding', 'gzip').end(gzipped)
    else response.writeHead(204, { 'x-left': '3' }).end()
  })
  const paths = ['/pieces', '/cut', '/long', '/gzip', '/none']
  const plan = planOf(`
load: { rate: 200/s, requests: [${paths
    .map((path) => `GET: ${path}`)
    .join('}, {')
    .replace(/^/, '{')
    .replace(/$/, '}')}] }
phases: [{ name: all, for: 1s }]`)
  const { answers, request, count } = await send(origin, plan)
  const kinds = [...request]
  const seen = (path: string) => {
    const index = kinds.indexOf(paths.indexOf(path))
    return { body: answers.bodies[answers.bodyOf[index] ?? 0], headers: answers.headers[answers.headersOf[index] ?? 0] }
  }
  expect(seen('/pieces').body).toEqual({ text: '{"stock":3}', bytes: 11, whole: true })
  expect(seen('/cut').body).toEqual({ text: 'half of', bytes: 7, whole: false })
  expect(seen('/long').body).toEqual({ text: 'x'.repeat(KEPT_BODY_BYTES), bytes: 100_000, whole: false })
  expect(seen('/gzip')).toMatchObject({
    body: { binary: true, bytes: gzipped.length },
    headers: { fields: { 'content-encoding': 'gzip' } },
  })
  expect(seen('/none')).toMatchObject({ body: { text: '', bytes: 0, whole: true }, headers: { fields: { 'x-left': '3', date: null } } })
  // No answer, and one for each path, however many requests there were.
  expect([count, answers.bodies.length, answers.headers.length]).toEqual([200, 1 + 5, 1 + 5])
})

describe('time', () => {
  test('requests go out when they are due', async ({ annotate }) => {
    const origin = await serve((_, response) => response.end('ok'))
    const plan = planOf(`load: { rate: 500/s, arrivals: poisson }\nphases: [{ name: all, for: 2s }]`)
    const log = await send(origin, plan)
    const late = lateness(log)
    const took = latencies(log).map((latency, i) => latency - (late[i] as number))
    const words = (values: readonly number[]) => [0.5, 0.99, 1].map((q) => quantile(values, q).toFixed(2)).join(', ')
    await annotate(`500/s to a server of the same process: lateness p50, p99, max ${words(late)} ms; exchange ${words(took)} ms`)
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0)
    expect(quantile(late, 0.5)).toBeLessThan(10)
    expect(quantile(late, 0.9)).toBeLessThan(MACHINE_LAG_MS)
  })

  // Some 150 requests, each in flight for 4 ms or more: when the next one is nearly due, some 7 ms later, sometimes one is in flight
  // and sometimes none.
  test('what timers leave of the time is slept through: at most 1 ms at once, and 0.2 ms where an answer may come', async () => {
    const origin = await serve((_, response) => void setTimeout(() => response.end('ok'), 4))
    const plan = planOf(`load: { rate: 150/s, arrivals: poisson }\nphases: [{ name: all, for: 1s }]`)
    let inFlight = 0
    const rests: { ms: number | undefined; inFlight: number }[] = []
    const wait = Atomics.wait
    const spy = vi.spyOn(Atomics, 'wait').mockImplementation((...args: unknown[]) => {
      rests.push({ ms: args[3] as number | undefined, inFlight })
      return wait(...(args as Parameters<typeof wait>))
    })
    closeAfterTest(() => spy.mockRestore())
    const log = await send(origin, plan, undefined, {
      onLog: () => {},
      onSent: () => void inFlight++,
      onEnd: () => void inFlight--,
    })
    expect([log.count, log.errors.size]).toEqual([plan.load.due.length, 0])
    expect(rests).not.toEqual([])
    const longest = (some: typeof rests) => Math.max(...some.map(({ ms }) => ms ?? Number.POSITIVE_INFINITY))
    expect(longest(rests.filter(({ inFlight }) => inFlight === 0))).toBeLessThanOrEqual(1)
    expect(longest(rests.filter(({ inFlight }) => inFlight > 0))).toBeLessThanOrEqual(0.2)
    expect(Math.min(...lateness(log))).toBeGreaterThanOrEqual(0)
  })

  test('the end of a phase waits for no request that is due after it, not even for the first', async () => {
    const origin = await serve((_, response) => response.end('ok'))
    const plan = planOf(`load: { warmup: 200ms }\nphases: [{ name: all, for: 100ms, bursts: { size: 5, every: 50ms } }]`)
    const gate = new Gate()
    gate.openUntil(200)
    const zero = performance.now() + 20
    const pulse = new Pulse(zero)
    closeAfterTest(() => pulse.stop())
    const load = readyLoad(plan.load)({ origin, plan, zero, gate, pulse, watcher: UNSEEN, signal: new AbortController().signal })
    expect(gate).toMatchObject({ next: 200, isDrained: true })
    gate.openUntil(Number.POSITIVE_INFINITY)
    expect((await load).count).toBe(10)
  })

  // Due every 5 ms: the stall of 300 ms holds up 60 requests, the first of them by 300 ms.
  test('a stall of the generator shows in lateness, and in the latency of each request that was due in it', async () => {
    const STALL_MS = 300
    const origin = await serve((_, response) => response.end('ok'))
    const plan = planOf(`load: { rate: 200/s }\nphases: [{ name: all, for: 1s }]`)
    let stalled = { from: 0, to: 0 }
    const zero = performance.now() + 20
    setTimeout(() => {
      stalled = { from: performance.now() - zero, to: 0 }
      while (performance.now() - zero < stalled.from + STALL_MS) {}
      stalled.to = performance.now() - zero
    }, 400)
    const gate = new Gate()
    gate.openUntil(Number.POSITIVE_INFINITY)
    const pulse = new Pulse(zero)
    const told = Array<number>(200).fill(Number.NaN)
    const watcher = {
      onLog: () => {},
      onSent: () => {},
      onEnd: (index: number, latencyMs: number) => void told.splice(index, 1, latencyMs),
    }
    const log = await readyLoad(plan.load)({ origin, plan, zero, gate, pulse, watcher, signal: new AbortController().signal })
    pulse.stop()
    // The pulse was due every 10 ms: some 30 times.
    const missed = pulse.take().beats.filter(({ from }) => from > stalled.from + TIMER_MS && from < stalled.to - TIMER_MS)
    expect(missed.length).toBeGreaterThan(25)
    for (const { from, to } of missed) expect(to).toBeGreaterThan(Math.max(from, stalled.to - TIMER_MS))
    // What is shown while the load runs counts from the due time, too.
    expect(told).toHaveLength(log.count)
    for (const [i, latency] of latencies(log).entries()) expect(Math.abs((told[i] as number) - latency)).toBeLessThan(RECORDED_TO_MS)
    const caught = [...plan.load.due].flatMap((due, i) => (due > stalled.from + TIMER_MS && due < stalled.to ? [{ due, i }] : []))
    expect(caught.length).toBeGreaterThan(50)
    for (const { due, i } of caught) {
      expect(log.sentAt(i)).toBeGreaterThanOrEqual(stalled.to - RECORDED_TO_MS)
      expect(log.endAt(i) - due).toBeGreaterThanOrEqual(stalled.to - due - RECORDED_TO_MS)
    }
    // None was left out.
    expect([log.count, log.errors.size]).toEqual([200, 0])
    expect(Math.max(...lateness(log))).toBeGreaterThan(STALL_MS - 2 * 5)
  })
})

describe('trouble', () => {
  test('the client hangs up on a server that never answers, 5 s after the deadline', { timeout: 15_000 }, async () => {
    let closed = 0
    const origin = await serve((request) => request.on('close', () => closed++))
    const plan = planOf(`load: { rate: 20/s, deadline: 100ms }\nphases: [{ name: all, for: 200ms }]`)
    const log = await send(origin, plan)
    expect([...log.errors.values()]).toEqual(Array(4).fill('no answer 5.1 s after the due time: the client hung up'))
    expect([...log.status]).toEqual([0, 0, 0, 0])
    for (const latency of latencies(log)) {
      expect(latency).toBeGreaterThanOrEqual(5100)
      expect(latency).toBeLessThan(5100 + MACHINE_LAG_MS)
    }
    await expect.poll(() => closed).toBe(4)
  })

  test('a refused connection is an error of each request, in words', async () => {
    const { port } = await refuses()
    const plan = planOf(`load: { rate: 50/s }\nphases: [{ name: all, for: 200ms }]`)
    const log = await send(`http://127.0.0.1:${port}`, plan)
    expect(log.errors.size).toBe(10)
    for (const error of log.errors.values()) expect(error).toContain('ECONNREFUSED')
    expect([...log.status]).toEqual(Array(10).fill(0))
  })

  test('a response that breaks off is an error', async () => {
    const origin = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half')
      setTimeout(() => response.destroy(), 20)
    })
    const plan = planOf(`load: { rate: 50/s }\nphases: [{ name: all, for: 200ms }]`)
    const log = await send(origin, plan)
    expect(log.errors.size).toBe(10)
  })

  test('a run that is stopped gives up what is in flight, and sends nothing more', async () => {
    const origin = await serve(() => {})
    const plan = planOf(`load: { rate: 100/s }\nphases: [{ name: all, for: 10s }]`)
    const log = await send(origin, plan, AbortSignal.timeout(200))
    expect(log.count).toBeGreaterThan(5)
    expect(log.count).toBeLessThan(50)
    expect(log.errors.size).toBe(log.count)
    for (const error of log.errors.values()) expect(error).toBe('the run was stopped while it was in flight')
  })
})

describe('a server that closes connections', () => {
  test.each([
    ['which it announces', 'connection: close\r\n'],
    ['without a word', ''],
  ])('after each answer, %s, costs no request', async (_, header) => {
    const ids: string[] = []
    const origin = await listen(
      createSocketServer((socket) => {
        socket.on('data', (data) => {
          ids.push(/x-request-id: (\S+)/.exec(String(data))?.[1] ?? '')
          socket.end(`HTTP/1.1 200 OK\r\ncontent-length: 2\r\n${header}\r\nok`)
        })
      }),
    )
    // 100 ms between two requests: the end of the connection has arrived long before the next one.
    const plan = planOf(`load: { rate: 10/s }\nphases: [{ name: all, for: 800ms }]`)
    const log = await send(origin, plan)
    expect([...log.errors]).toEqual([])
    expect(ids.toSorted()).toEqual(Array.from(plan.load.due, (_, i) => requestId(i)).toSorted())
  })

  // The race that every keep-alive connection has: the server closes an idle one just as a request is on its way.
  test.each(['end', 'resetAndDestroy'] as const)(
    'just as a request arrives on an idle one (%s): that is an error, and nothing is sent twice',
    async (how) => {
      const ids: string[] = []
      const origin = await listen(
        createSocketServer((socket) => {
          let served = false
          socket.on('data', (data) => {
            for (const [, id] of String(data).matchAll(/x-request-id: (\S+)/g)) ids.push(id as string)
            if (served) return void socket[how]()
            served = true
            socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
          })
        }),
      )
      const plan = planOf(
        `load: { rate: 50/s, requests: [{ GET: /idempotent }, { POST: /other, body: x }] }\nphases: [{ name: all, for: 1s }]`,
      )
      const log = await send(origin, plan)
      expect(ids.toSorted()).toEqual(Array.from(plan.load.due, (_, i) => requestId(i)).toSorted())
      // Every second request on a connection fails, and its connection is gone: half of all, unless two are in flight at once.
      expect(log.errors.size).toBeGreaterThan(15)
      expect(log.errors.size).toBeLessThanOrEqual(25)
      expect([...log.status].filter((status) => status === 200).length).toBe(50 - log.errors.size)
    },
  )
})

// The first phase aborts all that it meets. 300 ms of warm-up at 100/s are 30 requests before it, without its fault.
test.each(['rate: 100/s', 'connections: 2, think: 10ms'])('a warm-up is in no phase and meets no fault: %s', async (load) => {
  const { records, observations, plan } = await runScenario(`
upstreams: { one: {} }
load: { ${load}, warmup: 300ms }
phases: [{ name: outage, for: 300ms, faults: [{ cluster: one, abort: 503 }] }, { name: after, for: 200ms }]
`)
  expect(plan.phases.map(({ from, to }) => [from, to])).toEqual([
    [300, 600],
    [600, 800],
  ])
  const seen = [-1, 0, 1].map((phase) => records.filter((record) => record.phase === phase))
  expect(seen.map((of) => [...new Set(of.filter(({ stray }) => !stray).map(({ status }) => status))])).toEqual([[200], [503], [200]])
  expect(seen[0]?.every(({ due, joined }) => due < 300 && joined)).toBe(true)
  if (load.startsWith('rate')) expect(seen.map((of) => of.length)).toEqual([30, 30, 20])
  expect(observations.unsound).toEqual([])
  expect(observations.faults.map(({ doubt, met, matched }) => [doubt, met - matched])).toEqual([[null, 0]])
  expect(observations.phases.map(({ from }) => from >= 300)).toEqual([true, true])
})

test('a phase may ramp, and have bursts: they arrive as planned', async () => {
  const { records, observations, plan } = await runScenario(`
upstreams: { one: { latency: 1ms } }
load: { rate: 50/s }
phases:
  - { name: calm, for: 400ms }
  - { name: ramp, for: 1s, rate: { from: 50/s, to: 250/s } }
  - { name: bursts, for: 1s, rate: 0/s, bursts: { size: 20, every: 500ms } }
`)
  // 20, then on average 150/s, then 2 × 20.
  expect([0, 1, 2].map((phase) => records.filter((record) => record.phase === phase).length)).toEqual([20, 150, 40])
  expect(records.map(({ due }) => due)).toEqual(Array.from(openLoadOf(plan).due, toMicros))
  expect(records.every(({ status }) => status === 200)).toBe(true)
  expect(observations.unsound).toEqual([])
})

test('load.target sends the load there instead of to Envoy', async () => {
  const ids: (string | undefined)[] = []
  const origin = await serve((request, response) => {
    ids.push(request.headers['x-request-id'] as string)
    response.writeHead(201).end()
  })
  const ran = await runScenario(`
upstreams: { one: {} }
load: { rate: 100/s, target: "${origin}" }
phases: [{ name: all, for: 200ms }]
`)
  expect(ran.records.map((record) => [record.status, record.egress, record.attempts])).toEqual(ran.records.map(() => [201, null, []]))
  // Where the machine disturbed a run, there was another.
  expect(ids.slice(-ran.records.length)).toEqual(ran.records.map((record) => record.id))
  expect(ran.observations.unsound).toEqual([])
})
