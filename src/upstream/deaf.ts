import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { ChaosError } from '../errors.ts'
import { cannotListen } from './cannot-listen.ts'

/** Listens with the smallest queue there is, tells the port (or why not), and stands still: it never takes a connection. */
const DEAF = `
  const { createServer } = require('node:net')
  const { parentPort, workerData } = require('node:worker_threads')
  const server = createServer()
  server.on('error', ({ code, message }) => parentPort.postMessage({ code, message }))
  server.listen({ ...workerData, backlog: 1 }, () => {
    parentPort.postMessage({ port: server.address().port })
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })`

/** Over loopback a connection is there within a millisecond, or not at all. */
const NO_ANSWER_MS = 50
/** Linux takes one more than the queue is long. */
const MOST_FILLERS = 16

/**
 * A port from which an attempt to connect gets no answer at all: its queue of connections is full, so that the kernel
 * drops what comes. That is so when this resolves, and stays so while the process lives.
 * @param name - `inventory/2`, for messages
 * @param wanted - 0 lets the kernel choose
 * @throws ChaosError when the port cannot be had, or the kernel goes on answering
 */
export async function deafPort(name: string, host: string, wanted: number): Promise<number> {
  const worker = new Worker(DEAF, { eval: true, workerData: { host, port: wanted } })
  worker.unref()
  const [{ port, ...error }] = (await once(worker, 'message')) as [{ port?: number; code?: string; message?: string }]
  if (port === undefined) throw cannotListen(name, host, wanted, error)
  for (let filler = 0; filler < MOST_FILLERS; filler++) {
    if (!(await answers(host, port))) return port
  }
  throw new ChaosError('environment', 'the kernel answers connections to a socket that takes none: no replica can be made unreachable here')
}

/** A connection that came about is kept: it is what fills the queue. */
async function answers(host: string, port: number): Promise<boolean> {
  const socket: Socket = connect(port, host)
    .unref()
    .on('error', () => {})
  const silence = AbortSignal.timeout(NO_ANSWER_MS)
  const connected = await once(socket, 'connect', { signal: silence }).then(
    () => true,
    () => false,
  )
  if (!connected) socket.destroy()
  return connected
}
