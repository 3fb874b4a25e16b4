import { createServer as createSocketServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { requestId } from '../../src/load/client-log.ts'
import { latencies, MACHINE_LAG_MS, planOf, send } from '../helpers/send.ts'
import { listen, serve } from '../helpers/servers.ts'
import { refuses } from '../helpers/sockets.ts'

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
