import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { serviceTimes } from '../../src/upstream/behaviour.ts'
import { EARLY_MS } from '../../src/upstream/clock.ts'
import type { JournalLine, ServerSpec, StubReady } from '../../src/upstream/spec.ts'

/** A journal time has whole microseconds, and is the rounding of a double that holds a quarter of one. */
const ROUNDING_MS = 0.002
/** What a busy shared machine may add before a timer's callback runs; a bound against hanging, not a claim about the stub. */
const MACHINE_LAG_MS = 250

const PROGRAM = join(import.meta.dirname, '../../src/upstream/main.ts')
const folder = mkdtempSync(join(tmpdir(), 'chaos-stub-'))
const agent = new Agent({ connections: 256 })
const children: ChildProcess[] = []

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
})
afterAll(async () => {
  await agent.destroy()
  rmSync(folder, { recursive: true })
})

const server = (more: Partial<ServerSpec> = {}): ServerSpec => ({
  cluster: 'inventory',
  replica: 1,
  port: 0,
  latency: { kind: 'fixed', ms: 20 },
  respond: { status: 200, headers: {}, body: 'ok' },
  seed: 7,
  ...more,
})

function specFile(...servers: readonly ServerSpec[]): string {
  const file = join(folder, 'spec.json')
  writeFileSync(file, JSON.stringify({ host: '127.0.0.1', servers }))
  return file
}

function launch(...servers: readonly ServerSpec[]) {
  const child = spawn(process.execPath, [PROGRAM, specFile(...servers)], { stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  return { child, stderr: () => stderr, exit: once(child, 'close').then(([code, signal]) => code ?? signal) }
}

async function start(...servers: readonly ServerSpec[]) {
  const { child, exit, stderr } = launch(...servers)
  const written: string[] = []
  const reader = createInterface(child.stdout)
  const [firstLine] = await once(reader, 'line')
  reader.on('line', (line) => written.push(line))
  const { ready } = JSON.parse(firstLine) as StubReady
  const control = async (method: 'GET' | 'POST', path: string) => {
    const { statusCode, body } = await request(`http://127.0.0.1:${ready.control}${path}`, { method })
    return { statusCode, body: (await body.json()) as { lines?: number; active?: number; ok?: boolean } }
  }
  return {
    child,
    exit,
    stderr,
    ready,
    control,
    written,
    url: (replica = 1) => `http://127.0.0.1:${ready.ports[replica - 1]}`,
    /** The journal as far as `/flush` says it goes. */
    async flushed(): Promise<readonly JournalLine[]> {
      const { lines } = (await control('POST', '/flush')).body
      while (written.length < Number(lines)) await once(reader, 'line')
      return written.map((line) => JSON.parse(line))
    },
  }
}

async function get(url: string, headers: Record<string, string> = {}) {
  const sent = performance.now()
  const response = await request(url, { headers, dispatcher: agent })
  const text = await response.body.text()
  return { status: response.statusCode, headers: response.headers, text, tookMs: performance.now() - sent }
}

/** The value below which a share `q` of `values` lies (nearest rank). */
function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] as number
}

describe('a replica', () => {
  test('answers with the status, headers and body of the scenario, and adds only headers of HTTP itself', async () => {
    const respond = { status: 418, headers: { 'content-type': 'application/json', 'x-own': '1' }, body: '{"stock":3}' }
    const stub = await start(server({ respond }))
    const answer = await get(stub.url())
    expect([answer.status, answer.text]).toEqual([418, '{"stock":3}'])
    expect(Object.keys(answer.headers).toSorted()).toEqual(['connection', 'content-length', 'content-type', 'date', 'x-own'])
  })

  test.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ] as const)('sends no body where HTTP allows none: %s answered with %i', async (method, status) => {
    const stub = await start(server({ respond: { status, headers: {}, body: 'dropped' } }))
    for (const _ of ['once', 'and again on the same connection']) {
      const { statusCode, headers, body } = await request(stub.url(), { method, dispatcher: agent })
      expect([statusCode, await body.text(), Object.keys(headers)]).toEqual([status, '', ['date', 'connection']])
    }
  })

  test('is one of several that a process serves, each on its port, in the order of the spec', async () => {
    const stub = await start(
      server({ respond: { status: 200, headers: {}, body: 'one' } }),
      server({ cluster: 'prices', replica: 2, respond: { status: 200, headers: {}, body: 'two' } }),
    )
    expect([(await get(stub.url(1))).text, (await get(stub.url(2))).text]).toEqual(['one', 'two'])
    expect((await stub.flushed()).map((line) => `${line.cluster}/${line.replica}`)).toEqual(['inventory/1', 'prices/2'])
  })

  test('journals the request id, the attempt and the path, and null for what the caller did not send', async () => {
    const stub = await start(server())
    await get(`${stub.url()}/items/42?x=1`, { 'x-request-id': 'r-1', 'x-envoy-attempt-count': '3' })
    await get(stub.url())
    const [one, two] = await stub.flushed()
    expect(one).toMatchObject({ id: 'r-1', attempt: 3, method: 'GET', path: '/items/42?x=1', status: 200, gone: null })
    expect(two).toMatchObject({ id: null, attempt: null, path: '/' })
  })

  test('journals times of the same clock as the caller: sent, arrived, due, answered, received', async () => {
    const stub = await start(server())
    const sent = performance.timeOrigin + performance.now()
    await get(stub.url())
    const received = performance.timeOrigin + performance.now()
    const [line] = (await stub.flushed()) as [JournalLine]
    // Two processes read the offset of their clocks from the epoch at their own start; a clock that is adjusted meanwhile shifts one.
    const CLOCKS_MS = 5
    expect(line.arrived).toBeGreaterThan(sent - CLOCKS_MS)
    expect(line.due - line.arrived).toBeCloseTo(20, 2)
    expect(line.answered).toBeGreaterThan(line.due - EARLY_MS - ROUNDING_MS)
    expect(line.answered).toBeLessThan(received + CLOCKS_MS)
  })

  // One worker, 50 ms each: the third of three at once is done after 150 ms.
  test('with one worker serves three requests at once one after the other', async () => {
    const stub = await start(server({ workers: 1, latency: { kind: 'fixed', ms: 50 } }))
    const answers = await Promise.all([get(stub.url()), get(stub.url()), get(stub.url())])
    expect(Math.max(...answers.map((answer) => answer.tookMs))).toBeGreaterThan(150 - EARLY_MS)
    const lines = (await stub.flushed()) as [JournalLine, JournalLine, JournalLine]
    expect(lines.map((line) => [line.busy, line.queued])).toEqual([
      [1, 0],
      [1, 1],
      [1, 2],
    ])
    const begin = lines[0].arrived
    expect(lines.map((line) => Math.round(line.due - begin))).toEqual([50, 100, 150])
    expect(lines.map((line) => Math.round(line.started - begin))).toEqual([0, 50, 100])
  })

  test('gives the i-th request to arrive the i-th service time of its seed', async () => {
    const spec = server({ latency: { kind: 'log-normal', p50: 5, p99: 40 } })
    const stub = await start(spec)
    await Promise.all(Array.from({ length: 200 }, () => get(stub.url())))
    const lines = (await stub.flushed()).toSorted((a, b) => a.arrived - b.arrived)
    const expected = Array.from({ length: 200 }, serviceTimes(spec))
    for (const [i, line] of lines.entries()) {
      expect(Math.abs(line.due - line.started - (expected[i] as number))).toBeLessThan(ROUNDING_MS)
    }
  })

  test('hangs where a request names such a fault, and says so when the caller has hung up', async () => {
    const stub = await start(server({ workers: 1, latency: { kind: 'fixed', ms: 20 }, faults: { hung: { kind: 'hang' } } }))
    const named = (fault: string) => ({ signal: AbortSignal.timeout(300), headers: { 'x-chaos-fault': fault }, dispatcher: agent })
    await expect(request(stub.url(), named('hung'))).rejects.toThrow('timeout')
    // The work was done and the worker free; an id that is none of its faults is nobody's.
    for (const fault of ['other', 'constructor']) await (await request(stub.url(), named(fault))).body.dump()
    const [hung, ...others] = await stub.flushed()
    expect(hung).toMatchObject({ fault: 'hung', answered: null })
    expect((hung?.gone as number) - (hung?.arrived as number)).toBeGreaterThan(250)
    expect((hung?.due as number) - (hung?.arrived as number)).toBeCloseTo(20, 2)
    for (const line of others) {
      expect(line).toMatchObject({ busy: 1, queued: 0, gone: null })
      expect(line).not.toHaveProperty('fault')
    }
    expect((await stub.control('GET', '/active')).body).toEqual({ active: 0 })
  })

  test('works on for a caller that hung up, and says at once when that was', async () => {
    const stub = await start(server({ workers: 1, latency: { kind: 'fixed', ms: 1000 } }))
    const call = request(stub.url(), { signal: AbortSignal.timeout(50), dispatcher: agent })
    await expect(call).rejects.toThrow('timeout')
    // Nothing more will come of it; its second is not over yet.
    await expect.poll(async () => (await stub.control('GET', '/active')).body, { timeout: 800, interval: 20 }).toEqual({ active: 0 })
    // The worker is still busy with the work that nobody waits for.
    await get(stub.url())
    const [line, next] = (await stub.flushed()) as [JournalLine, JournalLine]
    expect(line).toMatchObject({ answered: null, status: 200 })
    expect(line.gone).toBeGreaterThan(line.arrived)
    expect(line.gone).toBeLessThan(line.due)
    expect(line.due - line.arrived).toBeCloseTo(1000, 2)
    expect(next).toMatchObject({ gone: null, busy: 1, queued: 1, started: line.due })
    expect((await stub.control('GET', '/active')).body).toEqual({ active: 0 })
  })

  test('begins when the headers arrive, and answers when the body has arrived too', async () => {
    const stub = await start(server())
    const socket = connect(stub.ready.ports[0] as number, '127.0.0.1')
    socket.write('POST /late HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nab')
    await sleep(100)
    expect(stub.written).toEqual([])
    const completed = performance.timeOrigin + performance.now()
    socket.write('cd')
    await once(socket, 'data')
    socket.destroy()
    const [line] = (await stub.flushed()) as [JournalLine]
    expect(line.answered).toBeGreaterThan(completed - 5)
    // The 20 ms of service are over long before: an answer to a slow upload is not late for that.
    expect(line.due).toBeGreaterThan(completed - 5)
    expect(line.due).toBeLessThanOrEqual(line.answered ?? 0)
  })

  test('keeps an idle connection open for longer than the 5 s that Node closes it after', { timeout: 15_000 }, async () => {
    const stub = await start(server())
    const socket = connect(stub.ready.ports[0] as number, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    await once(socket, 'data')
    await sleep(7000)
    expect(socket.readyState).toBe('open')
    socket.destroy()
  })
})

describe('under load', () => {
  // Open loop: a request is sent when its time has come, not when another has been answered.
  test('1,000 requests a second are all answered on time, none more than 1 ms early', { timeout: 30_000 }, async ({ annotate }) => {
    const stub = await start(server({ latency: { kind: 'log-normal', p50: 20, p99: 90 } }))
    const calls: Promise<unknown>[] = []
    for (const begin = performance.now(); calls.length < 3000; await sleep(1)) {
      while (calls.length < Math.min(3000, performance.now() - begin)) {
        calls.push(get(stub.url(), { 'x-request-id': `${calls.length}` }))
      }
    }
    await Promise.all(calls)
    const lines = await stub.flushed()
    expect(new Set(lines.map((line) => line.id)).size).toBe(3000)

    const lags = lines.map((line) => Number(line.answered) - line.due)
    const [least, p50, p99] = [Math.min(...lags), quantile(lags, 0.5), quantile(lags, 0.99)]
    await annotate(`lag of answers: least ${least.toFixed(2)}, p50 ${p50.toFixed(2)}, p99 ${p99.toFixed(2)} ms`)
    expect(least).toBeGreaterThan(-1)
    expect(p50).toBeLessThan(5)
    expect(p99).toBeLessThan(MACHINE_LAG_MS)
  })

  test('callers that hang up in the middle of everything leave one line each', async () => {
    const stub = await start(server({ workers: 50 }))
    // Connections first: a call that is given up before it has one never reaches the stub.
    await Promise.all(Array.from({ length: 256 }, () => get(stub.url())))
    const calls = Array.from({ length: 256 }, (_, i) => {
      const given = { headers: { 'x-request-id': `${i}` }, signal: AbortSignal.timeout(20 + (i % 80)), dispatcher: agent }
      return request(stub.url(), given).then((answer) => answer.body.dump())
    })
    await Promise.allSettled(calls)
    while ((await stub.control('GET', '/active')).body.active !== 0) await sleep(10)
    const lines = (await stub.flushed()).filter((line) => line.id !== null)
    expect(new Set(lines.map((line) => line.id)).size).toBe(lines.length)
    expect(lines.every((line) => (line.answered === null) !== (line.gone === null))).toBe(true)
    expect(lines.some((line) => line.gone !== null)).toBe(true)
    expect((await get(stub.url())).status).toBe(200)
  })
})

describe('the program', () => {
  test('says that it is healthy', async () => {
    const stub = await start(server())
    expect(await stub.control('GET', '/health')).toEqual({ statusCode: 200, body: { ok: true } })
    expect((await stub.control('GET', '/flush')).statusCode).toBe(404)
  })

  test('writes the journal out and ends with 0 on SIGTERM', async () => {
    const stub = await start(server({ latency: { kind: 'fixed', ms: 0 } }))
    await Promise.all(Array.from({ length: 20 }, () => get(stub.url())))
    stub.child.kill('SIGTERM')
    expect(await stub.exit).toBe(0)
    expect(stub.written.length).toBe(20)
    expect(stub.stderr()).toBe('')
  })

  test('ends with 1 and one line when a port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const stub = launch(server(), server({ replica: 2, port }))
    expect(await stub.exit).toBe(1)
    expect(stub.stderr()).toBe(`stub: cannot listen on 127.0.0.1:${port} for inventory/2: the port is taken\n`)
    other.close()
  })

  test('ends with 1 at the start when a header could not be sent', async () => {
    const stub = launch(server({ respond: { status: 200, headers: { 'x-own': 'a\nb' }, body: '' } }))
    expect(await stub.exit).toBe(1)
    expect(stub.stderr()).toContain('Invalid character in header content ["x-own"]')
  })

  test('ends with 1 when nobody reads its journal any more', async () => {
    const stub = await start(server())
    stub.child.stdout?.destroy()
    await get(stub.url())
    expect(await stub.exit).toBe(1)
    expect(stub.stderr()).toBe('stub: nobody reads stdout any more\n')
  })

  describe('while the reader of its journal is behind', () => {
    async function unread() {
      const stub = await start(server({ latency: { kind: 'fixed', ms: 1 } }))
      stub.child.stdout?.pause()
      // 3,000 lines of 300 bytes and more: about 1 MB, more than a pipe or a socket pair holds (64 to 208 KiB).
      for (let i = 0; i < 30; i++) await Promise.all(Array.from({ length: 100 }, () => get(`${stub.url()}/${'x'.repeat(100)}`)))
      return stub
    }

    test('goes on answering, and loses no line', async () => {
      const stub = await unread()
      expect((await get(stub.url())).tookMs).toBeLessThan(MACHINE_LAG_MS)
      stub.child.kill('SIGTERM')
      await sleep(100)
      stub.child.stdout?.resume()
      expect(await stub.exit).toBe(0)
      expect(stub.written.length).toBe(3001)
    })

    test('ends on SIGTERM even if nobody ever reads on, and owns up to it', async () => {
      const stub = await unread()
      stub.child.kill('SIGTERM')
      expect(await stub.exit).toBe(1)
      expect(stub.stderr()).toBe('stub: the journal is not complete: its reader did not take it\n')
    })
  })

  test('writes its journal into a file as well', async () => {
    const out = join(folder, 'out.ndjson')
    const fd = openSync(out, 'w')
    const child = spawn(process.execPath, [PROGRAM, specFile(server())], { stdio: ['ignore', fd, 'inherit'] })
    children.push(child)
    closeSync(fd)
    const lines = () => readFileSync(out, 'utf8').split('\n').slice(0, -1)
    while (lines().length === 0) await sleep(10)
    const { ready } = JSON.parse(lines()[0] as string) as StubReady
    await get(`http://127.0.0.1:${ready.ports[0]}`)
    child.kill('SIGTERM')
    await once(child, 'exit')
    expect(lines().length).toBe(2)
  })
})
