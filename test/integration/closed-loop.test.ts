import { createServer as createSocketServer, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { type ClientLog, requestId } from '../../src/load/client-log.ts'
import { Gate } from '../../src/load/gate.ts'
import { readyLoad } from '../../src/load/load.ts'
import { Pulse } from '../../src/load/pulse.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { compatibleShare } from '../../src/statistics/compatible.ts'
import { observeSpoilt, runScenario, scenarioOf } from '../helpers/scenario.ts'
import { closeAfterTest, listen, serve } from '../helpers/servers.ts'
import { refuses } from '../helpers/sockets.ts'

/** What two shared cores may add to any wait. Not a claim about the generator. */
const MACHINE_LAG_MS = 250
/** Node's timers take whole milliseconds, and may fire a fraction of one early. */
const TIMER_MS = 1

/** A server of raw sockets, which keeps the ids of what it got. */
async function serveRaw(answer: (socket: Socket, text: string, n: number) => void) {
  const ids: string[] = []
  const origin = await listen(
    createSocketServer((socket) => {
      let n = 0
      socket.on('data', (data) => {
        for (const [, id] of String(data).matchAll(/x-request-id: (\S+)/g)) ids.push(id as string)
        answer(socket, String(data), n++)
      })
    }),
  )
  return { origin, ids }
}

const planOf = (load: string, seconds = 0.5) =>
  compilePlan(scenarioOf(`upstreams: { one: {} }\nload: ${load}\nphases: [{ name: all, for: ${seconds * 1000}ms }]`))

async function send(origin: string, plan: Plan, signal = new AbortController().signal, beginsIn = 20): Promise<ClientLog> {
  const gate = new Gate()
  gate.openUntil(Number.POSITIVE_INFINITY)
  const watcher = { onLog: () => {}, onSent: () => {}, onEnd: () => {} }
  const zero = performance.now() + beginsIn
  const pulse = new Pulse(zero)
  closeAfterTest(() => pulse.stop())
  const log = await readyLoad(plan.load)({ origin, plan, zero, gate, pulse, watcher, signal })
  // Whatever happens: each request has its record, and each record its end.
  expect([...log.due].every((_, i) => log.endAt(i) >= log.sentAt(i))).toBe(true)
  expect([...log.due]).toEqual([...log.due].map((_, i) => log.sentAt(i)))
  return log
}

const idsOf = (log: ClientLog) => Array.from(log.due, (_, i) => requestId(i)).toSorted()
const latencies = (log: ClientLog) => [...log.due].map((_, i) => log.endAt(i) - log.sentAt(i))

describe('the closed loop', () => {
  test('sends nothing and ends where a busy machine begins it only when it is over', async () => {
    const origin = await serve((_, response) => response.end())
    const log = await send(origin, planOf('{ connections: 3 }', 0.5), undefined, -600)
    expect(log.count).toBe(0)
  })

  // 4 callers, answers after 50 ms, 500 ms: each sends at most 10 requests, and fewer where the machine is slow.
  test('keeps as many connections as asked, with one request on each', async () => {
    const busy = new Map<Socket, number>()
    let most = 0
    const ids: unknown[] = []
    const origin = await serve((request, response) => {
      ids.push(request.headers['x-request-id'])
      busy.set(request.socket, (busy.get(request.socket) ?? 0) + 1)
      most = Math.max(most, ...busy.values())
      setTimeout(() => {
        busy.set(request.socket, 0)
        response.end('ok')
      }, 50)
    })
    const log = await send(origin, planOf('{ connections: 4 }'))
    expect([busy.size, most]).toEqual([4, 1])
    expect(log.count).toBeGreaterThan(4)
    expect(log.count).toBeLessThanOrEqual(4 * 10)
    expect(ids.toSorted()).toEqual(idsOf(log))
    expect(log.errors.size).toBe(0)
    expect(log.answers.bodies).toEqual([null, { text: 'ok', bytes: 2, whole: true }])
    expect(log.answers.headers.length).toBe(2)
    expect(Math.min(...latencies(log))).toBeGreaterThanOrEqual(50 - TIMER_MS)
  })

  test.each(['50ms', '{ exponential: 50ms }'])('thinks between an answer and the next request: %s', async (think) => {
    const origin = await serve((_, response) => response.end('ok'))
    const log = await send(origin, planOf(`{ connections: 1, think: ${think} }`, 1))
    const gaps = [...log.due].slice(1).map((_, i) => log.sentAt(i + 1) - log.endAt(i))
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
    if (think === '50ms') expect(Math.min(...gaps)).toBeGreaterThanOrEqual(50)
    // Of some 20 exponential gaps the mean is within 80 % of 50 ms in all but a few of a thousand seeds, of which this is one.
    expect(mean).toBeGreaterThan(50 * 0.2)
    expect(mean).toBeLessThan(50 * 1.8 + MACHINE_LAG_MS)
  })

  test('ends at the end of the last phase, however long its callers think', async () => {
    const origin = await serve((_, response) => response.end('ok'))
    const begun = performance.now()
    const log = await send(origin, planOf('{ connections: 3, think: 1m }', 0.3))
    expect(log.count).toBe(3)
    expect(performance.now() - begun).toBeLessThan(300 + 20 + MACHINE_LAG_MS)
  })

  test('draws the kinds of request by weight, the same ones for the same seed', async () => {
    const origin = await serve((_, response) => response.end('ok'))
    const plan = planOf('{ connections: 8, requests: [{ GET: /a, weight: 9 }, { GET: /b }] }')
    const [one, other] = [await send(origin, plan), await send(origin, plan)]
    const common = Math.min(one.count, other.count)
    expect(common).toBeGreaterThan(100)
    expect([...one.request.subarray(0, common)]).toEqual([...other.request.subarray(0, common)])
    expect(compatibleShare([...one.request].filter((kind) => kind === 1).length, one.count, 0.1)).toBe(true)
  })

  test('methods, bodies and headers arrive whole', async () => {
    const seen = new Map<string, { url: string | undefined; body: string; headers: object }>()
    const origin = await serve((request, response) => {
      let body = ''
      request.setEncoding('utf8').on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => {
        seen.set(request.method ?? '', { url: request.url, body, headers: request.headers })
        response.end('ok')
      })
    })
    const long = 'ü'.repeat(50_000)
    const log = await send(
      origin,
      planOf(
        `{ connections: 5, requests: [{ GET: "/get?q=1&r=2", headers: { X-User: Jason } }, { HEAD: /head }, { OPTIONS: /options }, { DELETE: /delete }, { POST: /json, json: { a: [1, "ü"] } }, { PUT: /text, body: "${long}" }, { PATCH: /patch, body: "" }] }`,
      ),
    )
    expect([...log.errors]).toEqual([])
    expect(new Set(log.status)).toEqual(new Set([200]))
    expect(Object.fromEntries(seen)).toMatchObject({
      GET: { url: '/get?q=1&r=2', body: '', headers: { 'x-user': 'Jason' } },
      HEAD: { url: '/head' },
      OPTIONS: { url: '/options' },
      DELETE: { url: '/delete' },
      POST: { url: '/json', body: '{"a":[1,"ü"]}', headers: { 'content-type': 'application/json', 'content-length': '14' } },
      PUT: { url: '/text', body: long, headers: { 'content-length': '100000' } },
      PATCH: { url: '/patch', body: '' },
    })
  })
})

describe('trouble on a connection costs no record', () => {
  const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n'

  test('a server that never answers: the client hangs up, 5 s after the deadline', { timeout: 15_000 }, async () => {
    const origin = await serve(() => {})
    const log = await send(origin, planOf('{ connections: 3, deadline: 100ms }', 0.2))
    expect([...log.errors.values()]).toEqual(Array(3).fill('no answer 5.1 s after the due time: the client hung up'))
    expect([...log.status]).toEqual([0, 0, 0])
    for (const latency of latencies(log)) {
      expect(latency).toBeGreaterThanOrEqual(5100 - 5)
      expect(latency).toBeLessThan(5100 + MACHINE_LAG_MS)
    }
  })

  test('a refused connection is an error of each request, ten a second at most', async () => {
    const { port } = await refuses()
    const log = await send(`http://127.0.0.1:${port}`, planOf('{ connections: 2 }'))
    // At 0, 100, 200, 300 and 400 ms.
    expect(log.count).toBeGreaterThanOrEqual(2 * 2)
    expect(log.count).toBeLessThanOrEqual(2 * 5)
    expect(log.errors.size).toBe(log.count)
    for (const error of log.errors.values()) expect(error).toContain('ECONNREFUSED')
  })

  test('a response that breaks off is an error, with the status that it began with', async () => {
    const { origin, ids } = await serveRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf')
      setTimeout(() => socket.destroy(), 20)
    })
    const log = await send(origin, planOf('{ connections: 2 }'))
    expect(log.count).toBeGreaterThan(2)
    expect(log.errors.size).toBe(log.count)
    expect(new Set(log.status)).toEqual(new Set([200]))
    expect(ids.toSorted()).toEqual(idsOf(log))
  })

  test('a connection that the server announces to close serves no further request', async () => {
    const { origin, ids } = await serveRaw((socket) => socket.end(`${OK}connection: close\r\n\r\nok`))
    const log = await send(origin, planOf('{ connections: 2, think: 10ms }'))
    expect(log.count).toBeGreaterThan(4)
    expect([...log.errors]).toEqual([])
    expect(ids.toSorted()).toEqual(idsOf(log))
  })

  test('nor one that it closes without a word, when the caller thinks for a while', async () => {
    const { origin, ids } = await serveRaw((socket) => socket.end(`${OK}\r\nok`))
    const log = await send(origin, planOf('{ connections: 2, think: 50ms }'))
    expect(log.count).toBeGreaterThan(4)
    expect([...log.errors]).toEqual([])
    expect(ids.toSorted()).toEqual(idsOf(log))
  })

  test('a response without a length ends with its connection', async () => {
    const { origin, ids } = await serveRaw((socket) => socket.end('HTTP/1.1 201 Created\r\n\r\nas long as it takes'))
    const log = await send(origin, planOf('{ connections: 2, think: 10ms }'))
    expect([...log.errors]).toEqual([])
    expect(new Set(log.status)).toEqual(new Set([201]))
    expect(ids.toSorted()).toEqual(idsOf(log))
  })

  test('an interim response is none, and what nobody asked for is not taken for the answer of the next request', async () => {
    const { origin, ids } = await serveRaw((socket, _, n) => {
      if (n % 2 === 0) return void socket.write(`HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${OK}\r\nok`)
      socket.write('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\nHTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n')
    })
    const log = await send(origin, planOf('{ connections: 1, think: 20ms }'))
    expect([...log.errors]).toEqual([])
    expect([...log.status]).toEqual(Array.from(log.status, (_, i) => (i % 2 === 0 ? 200 : 404)))
    expect(ids.toSorted()).toEqual(idsOf(log))
  })

  // The race that every keep-alive connection has: without thinking, the next request is on its way when the end arrives.
  test.each(['end', 'resetAndDestroy'] as const)('a connection that goes (%s) takes the request on it along, and no other', async (how) => {
    const { origin, ids } = await serveRaw((socket, _, n) => {
      if (n === 0) socket.write(`${OK}\r\nok`)
      else socket[how]()
    })
    const log = await send(origin, planOf('{ connections: 2 }'))
    expect(log.count).toBeGreaterThan(10)
    expect(ids.toSorted()).toEqual(idsOf(log))
    // Every second request on a connection is lost with it; each caller may have ended after an odd number.
    expect(Math.abs(log.errors.size - log.count / 2)).toBeLessThanOrEqual(1)
    expect([...log.status].filter((status) => status === 200).length).toBe(log.count - log.errors.size)
  })

  test('a run that is stopped gives up what is in flight, and sends nothing more', async () => {
    const origin = await serve(() => {})
    const log = await send(origin, planOf('{ connections: 3 }', 10), AbortSignal.timeout(200))
    expect([...log.errors.values()]).toEqual(Array(3).fill('the run was stopped while it was in flight'))
  })

  test('a run that was stopped before sends nothing', async () => {
    const origin = await serve(() => {})
    expect((await send(origin, planOf('{ connections: 3 }', 10), AbortSignal.abort())).count).toBe(0)
  })
})

describe('through Envoy', () => {
  test('there is a record for each request that Envoy counted, and each meets the faults of its phase', async () => {
    const ran = await runScenario(`
upstreams: { one: { latency: 5ms } }
load: { connections: 10, deadline: 1s, requests: [{ GET: /a, weight: 3 }, { POST: /b, json: { n: 1 } }] }
phases:
  - { name: before, for: 500ms }
  - { name: outage, for: 500ms, faults: [{ cluster: one, abort: 503 }] }
  - { name: after, for: 500ms }
`)
    const { records, observations, conducted } = ran
    expect(records.length).toBeGreaterThan(100)
    expect(records.length).toBe(ran.stat('http.shared.downstream_rq_total'))
    expect(observations.unsound).toEqual([])
    const statuses = [0, 1, 2].map((phase) => [
      ...new Set(records.filter((record) => record.phase === phase && !record.stray).map((record) => record.status)),
    ])
    expect(statuses).toEqual([[200], [503], [200]])
    expect(records.filter((record) => record.stray).length).toBeLessThanOrEqual(2)
    expect(records.every((record) => record.egress !== null && record.due === record.sent)).toBe(true)
    expect([...new Set(Array.from(conducted.client.request))].toSorted()).toEqual([0, 1])
    expect(observations.faults[0]?.doubt).toBeNull()
    // A line that is lost is noticed.
    const spoilt = observeSpoilt(ran, { egress: ran.logs.egress.split('\n').slice(1).join('\n') })
    expect(spoilt.unsound).not.toEqual([])
  })
})
