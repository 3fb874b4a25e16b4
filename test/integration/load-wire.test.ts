import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { KEPT_BODY_BYTES } from '../../src/content/answer.ts'
import { requestId } from '../../src/load/client-log.ts'
import { latencies, MACHINE_LAG_MS, planOf, quantile, send, TIMER_MS } from '../helpers/send.ts'
import { serve } from '../helpers/servers.ts'

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
