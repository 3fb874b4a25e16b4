import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { ChaosError } from '../errors.ts'
import { cannotListen } from './cannot-listen.ts'

/**
 * Listens with the smallest queue there is where it is told to, tells the port (or why not), and stands still: it never
 * takes a connection. Woken, it ends that, says so, and can be told again.
 */
const DEAF = `
  const { createServer } = require('node:net')
  const { parentPort, workerData } = require('node:worker_threads')
  const awake = new Int32Array(workerData)
  parentPort.on('message', (where) => {
    const server = createServer()
    server.on('error', ({ code, message }) => parentPort.postMessage({ code, message }))
    server.listen({ ...where, backlog: 1 }, () => {
      parentPort.postMessage({ port: server.address().port })
      Atomics.wait(awake, 0, 0)
      Atomics.store(awake, 0, 0)
      server.close()
      parentPort.postMessage({})
    })
  })`

/** Over loopback a connection is there within a millisecond, or not at all. */
const NO_ANSWER_MS = 50
/** Linux takes one more than the queue is long. */
const MOST_FILLERS = 16

/**
 * A socket from which an attempt to connect gets no answer at all: its queue of connections is full, so that the kernel
 * drops what comes.
 */
export class DeafSocket {
  readonly #name: string
  readonly #host: string
  readonly #awake = new Int32Array(new SharedArrayBuffer(4))
  readonly #worker = new Worker(DEAF, { eval: true, workerData: this.#awake.buffer })
  /** What fills the queue, and how many that takes, once it is known. */
  #fillers: Socket[] = []
  #enough: number | undefined

  /** @param name - `inventory/2`, for messages */
  constructor(name: string, host: string) {
    this.#name = name
    this.#host = host
  }

  /** Finds out how it is done here, so that it is done at once then. @throws as `listen` does */
  async prepare(): Promise<void> {
    await this.listen(0)
    await this.close()
  }

  /**
   * It is deaf when this resolves, and stays so until it is closed.
   * @param wanted - 0 lets the kernel choose
   * @returns the port
   * @throws ChaosError when the port cannot be had, or the kernel goes on answering
   */
  async listen(wanted: number): Promise<number> {
    const told = once(this.#worker, 'message')
    this.#worker.postMessage({ host: this.#host, port: wanted })
    const [{ port, ...error }] = (await told) as [{ port?: number; code?: string; message?: string }]
    if (port === undefined) throw cannotListen(this.#name, this.#host, wanted, error)
    if (this.#enough !== undefined) {
      await Promise.all(Array.from({ length: this.#enough }, () => this.#isAnswered(port)))
      return port
    }
    for (let filler = 0; filler < MOST_FILLERS; filler++) {
      if (!(await this.#isAnswered(port))) {
        this.#enough = filler
        return port
      }
    }
    throw new ChaosError(
      'environment',
      'the kernel answers connections to a socket that takes none: no replica can be made unreachable here',
    )
  }

  /** The port is free when this resolves. */
  async close(): Promise<void> {
    const told = once(this.#worker, 'message')
    Atomics.store(this.#awake, 0, 1)
    Atomics.notify(this.#awake, 0)
    await told
    for (const filler of this.#fillers) filler.destroy()
    this.#fillers = []
  }

  /** A connection that came about is kept: it is what fills the queue. */
  async #isAnswered(port: number): Promise<boolean> {
    const socket = connect(port, this.#host)
      .unref()
      .on('error', () => {})
    const silence = AbortSignal.timeout(NO_ANSWER_MS)
    const connected = await once(socket, 'connect', { signal: silence }).then(
      () => true,
      () => false,
    )
    if (connected) this.#fillers.push(socket)
    else socket.destroy()
    return connected
  }
}
