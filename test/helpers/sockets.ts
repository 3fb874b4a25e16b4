import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A socket that stands in a hop's place. */
export interface Stand {
  port: number
  close(): Promise<void>
}

/** Takes each connection and closes it when the request has come in. */
export async function closesOnRequest(): Promise<Stand> {
  const server = createServer((socket) => {
    socket.on('data', () => socket.destroy())
    socket.on('error', () => {})
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, close: () => new Promise((resolve) => server.close(() => resolve())) }
}

/** Answers every first attempt with 503, and every retry so much later; what ends in /held is answered as late, with 200. */
export async function holdsRetries(ms: number): Promise<Stand> {
  const server = createHttpServer((request, response) => {
    const isRetry = request.headers['x-envoy-attempt-count'] !== '1'
    const isHeld = request.url?.endsWith('/held') === true
    setTimeout(() => response.writeHead(isHeld ? 200 : 503).end(), isRetry || isHeld ? ms : 0)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** A port that nobody listens on: the kernel answers with a reset. */
export async function refuses(): Promise<Stand> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return { port, close: async () => {} }
}

/** Listens with a backlog of one, says the port, and then never takes a connection, since its thread stands still. */
const DEAF = `
  const server = require('node:net').createServer()
  server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
    require('node:fs').writeSync(1, String(server.address().port))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })`

/** A listening socket whose backlog is full: the kernel drops further attempts to connect, so they get no answer at all. */
export async function neverConnects(): Promise<Stand> {
  const child = spawn(process.execPath, ['-e', DEAF], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [text] = await once(child.stdout, 'data')
  const port = Number(String(text))
  // Linux takes one more than the backlog; what goes beyond stays half open.
  const fillers: Socket[] = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}))
  await sleep(100)
  return {
    port,
    async close() {
      for (const socket of fillers) socket.destroy()
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}
