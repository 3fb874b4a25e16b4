import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request, type Server } from 'node:http'
import { type AddressInfo, connect, createServer as createNetServer, type Server as NetServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import type { DoorFault } from '../../src/fault/door-fault.ts'
import { Door } from '../../src/upstream/door.ts'
import { RESET_HEADER, RESET_MARK } from '../../src/upstream/reset-mark.ts'

/** The door by itself, between a client and a server that stand for Envoy's egress and the hop. */

const HOST = '127.0.0.1'
/** Longer than the kernel of a busy machine takes for a connection that comes about. */
const SILENCE_MS = 300

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

async function listening(server: NetServer | Server): Promise<number> {
  ends.push(() => server.close())
  await once(server.listen(0, HOST), 'listening')
  return (server.address() as AddressInfo).port
}

async function freePort(): Promise<number> {
  const server = createNetServer()
  await once(server.listen(0, HOST), 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function doorTo(hop: number, faults: Record<string, DoorFault> = {}) {
  const port = await freePort()
  const door = new Door(HOST, { cluster: 'up', replica: 1 }, { port, hop, faults })
  await door.start(hop)
  ends.push(() => void door.meet([]))
  return { door, port }
}

/** Asks over kept connections. */
const agent = () => {
  const made = new Agent({ keepAlive: true })
  ends.push(() => made.destroy())
  return made
}

async function ask(port: number, over: Agent, path = '/'): Promise<{ response: IncomingMessage; body: string }> {
  const asked = request({ host: HOST, port, path, agent: over }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  let body = ''
  for await (const chunk of response) body += chunk
  return { response, body }
}

const codeOf = (asking: Promise<unknown>) =>
  asking.then(
    () => 'answered',
    (error: NodeJS.ErrnoException) => error.code,
  )

/** A hop that writes these pieces to whatever asks it, one turn after the other. */
async function writing(...pieces: readonly string[]): Promise<number> {
  const server = createNetServer((socket: Socket) => {
    socket
      .on('error', () => {})
      .once('data', async () => {
        for (const piece of pieces) {
          socket.write(piece)
          await sleep(5)
        }
      })
  })
  return listening(server)
}

test('open, it passes on what comes, as it comes', async () => {
  const body = 'y'.repeat(2_000_000)
  const { port } = await doorTo(await listening(createServer((_, response) => response.end(body))))
  const over = agent()
  for (let i = 0; i < 3; i++) expect((await ask(port, over)).body).toBe(body)
})

test('an answer with the mark resets the connection, wherever it is split', async () => {
  const head = `HTTP/1.1 200 OK\r\n${RESET_HEADER}: ${RESET_MARK}\r\ncontent-length: 0\r\n\r\n`
  for (const at of [3, 20, 40, head.length - 1]) {
    const { port } = await doorTo(await writing(head.slice(0, at), head.slice(at)))
    expect(await codeOf(ask(port, agent()))).toBe('ECONNRESET')
  }
})

test('without the mark the header is one like any other, and in a body the mark is text', async () => {
  const line = `\r\n${RESET_HEADER}: ${RESET_MARK}\r\n`
  const own = await doorTo(await writing(`HTTP/1.1 200 OK\r\n${RESET_HEADER}: mine\r\ncontent-length: 0\r\n\r\n`))
  expect((await ask(own.port, agent())).response.headers[RESET_HEADER]).toBe('mine')
  const text = await doorTo(await writing(`HTTP/1.1 200 OK\r\ncontent-length: ${line.length}\r\n\r\n`, line))
  expect((await ask(text.port, agent())).body).toBe(line)
})

test('refuse: an idle connection is closed at once, a busy one after its answer, and none comes about', async () => {
  const [came, letGo] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const hop = await listening(
    createServer(async ({ url }, response) => {
      if (url === '/held') {
        came.resolve()
        await letGo.promise
      }
      response.end('there')
    }),
  )
  const { door, port } = await doorTo(hop, { f: { kind: 'refuse' } })
  const [idle, busy] = [agent(), agent()]
  await ask(port, idle)
  const asking = ask(port, busy, '/held')
  await came.promise
  const closed = once(Object.values(idle.freeSockets)[0]?.[0] as Socket, 'close')
  await door.meet(['f'])
  await closed
  expect(await codeOf(ask(port, idle))).toBe('ECONNREFUSED')
  letGo.resolve()
  const { body, response } = await asking
  expect(body).toBe('there')
  expect(response.headers.connection).toMatch(/\bclose$/)
  await door.meet([])
  expect((await ask(port, idle)).body).toBe('there')
})

test('unreachable: nobody answers who connects, until it is over', async () => {
  const { door, port } = await doorTo(await listening(createServer((_, response) => response.end('there'))), { f: { kind: 'unreachable' } })
  for (let times = 0; times < 2; times++) {
    await door.meet(['f'])
    const socket = connect(port, HOST).on('error', () => {})
    const heard = await Promise.race([once(socket, 'connect').then(() => 'an answer'), sleep(SILENCE_MS, 'nothing')])
    socket.destroy()
    expect(heard).toBe('nothing')
    await door.meet([])
    expect((await ask(port, agent())).body).toBe('there')
  }
})

test('down: it goes and returns at its time, cuts what is in flight, and says so', async () => {
  const hop = await listening(createServer(() => {}))
  // So long that a busy machine comes to ask before it goes, and before it is back.
  const AWAY_MS = 400
  const { door, port } = await doorTo(hop, { f: { kind: 'down', afterMs: 400, forMs: AWAY_MS } })
  await door.meet(['f'])
  const asking = codeOf(ask(port, agent()))
  expect(door.did).toEqual([])
  expect(await asking).toBe('ECONNRESET')
  expect(await codeOf(ask(port, agent()))).toBe('ECONNREFUSED')
  const [began] = door.did
  expect(began).toMatchObject({ fault: 'f', replica: 1, to: null, cut: 1 })
  await expect.poll(() => door.did[0]?.to, { timeout: 10_000 }).not.toBeNull()
  const [over] = door.did
  expect((over?.to as number) - (over?.from as number)).toBeGreaterThan(AWAY_MS - 5)
  const socket = connect(port, HOST)
  await once(socket, 'connect')
  socket.destroy()
})

test('what its phase ends with is over before its time', async () => {
  const { door, port } = await doorTo(await listening(createServer((_, response) => response.end('there'))), {
    f: { kind: 'down', afterMs: 0, forMs: 60_000 },
    late: { kind: 'down', afterMs: 60_000, forMs: null },
  })
  await door.meet(['f'])
  await door.meet(['late'])
  expect((await ask(port, agent())).body).toBe('there')
  await door.meet([])
  expect(door.did).toEqual([])
})

test('while it is closed a connection of its own keeps its port', async () => {
  const kept = new Set<Socket>()
  const hop = createNetServer((socket) => kept.add(socket))
  const { door, port } = await doorTo(await listening(hop), { f: { kind: 'refuse' } })
  await door.meet(['f'])
  expect([...kept].map((socket) => ({ from: socket.remotePort, isClosed: socket.destroyed }))).toEqual([{ from: port, isClosed: false }])
})
