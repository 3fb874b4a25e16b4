import { connect, createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DoorFault, DoorReport } from '../fault/door-fault.ts'
import { cannotListen } from './cannot-listen.ts'
import { epochNow } from './clock.ts'
import { DeafSocket } from './deaf.ts'
import { Passage } from './passage.ts'
import type { DoorSpec, ServerSpec } from './spec.ts'

/** A burst must not meet a refusal that nobody asked for. */
const BACKLOG = 4096

/**
 * What Envoy's egress connects to in place of a replica's hop, where a fault of the scenario is about the connection
 * itself. Open, it passes everything on; a fault that it meets closes it for all.
 */
export class Door {
  readonly #name: string
  readonly #host: string
  readonly #spec: DoorSpec
  readonly #replica: number
  readonly #passages = new Set<Passage>()
  readonly #deaf: DeafSocket | undefined
  #server: Server | undefined
  #isDeaf = false
  #ending = new AbortController()
  #course: Promise<void> = Promise.resolve()
  #did: DoorReport[] = []

  constructor(host: string, { cluster, replica }: Pick<ServerSpec, 'cluster' | 'replica'>, spec: DoorSpec) {
    this.#name = `the door of ${cluster}/${replica}`
    this.#host = host
    this.#replica = replica
    this.#spec = spec
    if (Object.values(spec.faults).some(({ kind }) => kind === 'unreachable')) this.#deaf = new DeafSocket(this.#name, host)
  }

  /**
   * @param own - a port of this process that keeps idle connections. A connection from the door's port to it keeps others away from that while no socket
   *   listens there: a program that connects would be given it, or even find itself at the other end
   * @throws ChaosError when the port cannot be had
   */
  async start(own: number): Promise<void> {
    await this.#deaf?.prepare()
    const keeper = connect({ host: this.#host, port: own, localAddress: this.#host, localPort: this.#spec.port }).unref()
    // Without it the door does as well, but for that.
    await new Promise<void>((resolve) => keeper.once('connect', resolve).on('error', () => resolve()))
    await this.#open()
  }

  /** What it did since it was last told what to meet. */
  get did(): readonly DoorReport[] {
    return this.#did
  }

  /** Ends what it does, and begins with the fault among these that is its own, if there is one. Resolves when that is in force. */
  async meet(ids: readonly string[]): Promise<void> {
    this.#ending.abort()
    await this.#course
    this.#did = []
    const id = ids.find((each) => Object.hasOwn(this.#spec.faults, each))
    if (id === undefined) return
    this.#ending = new AbortController()
    const fault = this.#spec.faults[id] as DoorFault
    const inForce = Promise.withResolvers<void>()
    this.#course = this.#play(id, fault, this.#ending.signal, inForce.resolve)
    this.#course.catch(inForce.reject)
    await inForce.promise
  }

  async #play(fault: string, what: DoorFault, ended: AbortSignal, inForce: () => void): Promise<void> {
    if (what.kind === 'down' && what.afterMs > 0) {
      inForce()
      if (!(await passes(what.afterMs, ended))) return
    }
    const report: DoorReport = { fault, replica: this.#replica, from: 0, to: null, cut: 0 }
    await this.#close(what, report)
    this.#did = [report]
    inForce()
    await passes(what.kind === 'down' ? (what.forMs ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY, ended)
    await this.#open()
    report.to = epochNow()
  }

  async #close({ kind }: DoorFault, report: DoorReport): Promise<void> {
    // Before Envoy can know of it.
    report.from = epochNow()
    // The socket is gone at once; its other ends are those of the connections.
    this.#server?.close()
    this.#server = undefined
    for (const passage of this.#passages) {
      if (kind === 'down') {
        if (passage.isBusy) report.cut++
        passage.reset()
      } else passage.drain()
    }
    if (kind === 'unreachable') {
      await this.#deaf?.listen(this.#spec.port)
      report.from = epochNow()
      this.#isDeaf = true
    }
  }

  async #open(): Promise<void> {
    if (this.#isDeaf) await this.#deaf?.close()
    this.#isDeaf = false
    const { port, hop } = this.#spec
    const server = createServer({ noDelay: true }, (egress) => {
      const passage = new Passage(egress, { host: this.#host, port: hop }, () => this.#passages.delete(passage))
      this.#passages.add(passage)
    })
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(cannotListen(this.#name, this.#host, port, error)))
      server.listen({ host: this.#host, port, backlog: BACKLOG }, resolve)
    })
  }
}

/** Whether so long passed before the end. */
async function passes(ms: number, ended: AbortSignal): Promise<boolean> {
  if (ended.aborted) return false
  if (ms === Number.POSITIVE_INFINITY)
    return new Promise((resolve) => ended.addEventListener('abort', () => resolve(false), { once: true }))
  return sleep(ms, true, { signal: ended }).catch(() => false)
}
