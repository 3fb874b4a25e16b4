import { setTimeout as sleep } from 'node:timers/promises'
import type { Address } from '../envoy/addresses.ts'
import { runtimeValues } from '../envoy/runtime.ts'
import { ChaosError } from '../errors.ts'
import type { DoorReport } from '../fault/door-fault.ts'
import { isAtDoor } from '../fault/registry.ts'
import type { Plan } from '../plan/plan.ts'
import type { Admin } from './admin.ts'
import type { Doors } from './doors.ts'
import type { StartedTopology } from './topology.ts'

const SETTLE_WITHIN_MS = 3000
const SETTLE_POLL_MS = 5
const EVERY_LISTENER = /^http\.(shared|egress_.*|hop_.*)\.downstream_rq_active$/
const EGRESS_LISTENERS = /^http\.(shared|egress_.*)\.downstream_rq_active$/

/** A program of the topology that is to run as long as it does. */
export interface Part {
  /** For the message when it ends: `the app`. */
  what: string
  /** Its exit code. */
  exited: Promise<number>
  lastLines(): readonly string[] | Promise<readonly string[]>
}

export interface AppPart extends Part {
  /** Resolves when it is gone. */
  end(): Promise<void>
}

/** What differs between one way to run a topology and another. */
export interface Parts {
  entrance: Address
  admin: Admin
  parts: readonly Part[]
  app: AppPart | undefined
  /** Requests that the stubs have at the moment. */
  active(): Promise<number>
  /** Of each stub program. */
  doors: readonly Doors[]
  /** @param isOver - to be called before it ends any of the programs */
  flushLogs(isOver: () => void): Promise<number | null>
  /** Ends all but the app, which is gone by then; the connection to Envoy's admin interface is closed. */
  end(): Promise<void>
}

/** A topology whose programs have all started, however they run. */
export class RunningTopology implements StartedTopology {
  readonly death: AbortSignal
  readonly #plan: Plan
  readonly #parts: Parts
  #stopping: Promise<void> | undefined
  /** Nobody needs the programs any more: that one ends is no news. */
  #isOver = false
  #appEnding: Promise<void> | undefined

  constructor(plan: Plan, parts: Parts) {
    this.#plan = plan
    this.#parts = parts
    const death = new AbortController()
    this.death = death.signal
    const watch = async (part: Part) => {
      const { what, exited, lastLines } = part
      const how = await exited.then(
        (code) => `ended during the run, with code ${code}`,
        (error: Error) => `was lost during the run: ${error.message}`,
      )
      if (this.#isOver || (part === parts.app && this.#appEnding)) return
      const detail = await Promise.resolve(lastLines()).catch(() => [])
      death.abort(new ChaosError('environment', `${what} ${how}`, { detail }))
    }
    for (const part of [...parts.parts, ...(parts.app ? [parts.app] : [])]) void watch(part)
  }

  get entrance(): Address {
    return this.#parts.entrance
  }

  async setFaults(ids: readonly string[], percents: ReadonlyMap<string, number> = new Map()) {
    const on = this.#plan.faults.filter((fault) => ids.includes(fault.id))
    await Promise.all([
      this.movePercents(ids, percents),
      ...this.#doors.map((doors) => doors.meet(on.filter(({ action }) => isAtDoor(action)).map(({ id }) => id))),
    ])
  }

  async movePercents(ids: readonly string[], percents: ReadonlyMap<string, number>) {
    const all = this.#plan.faults.map((fault) => ({ ...fault, percent: percents.get(fault.id) ?? fault.percent }))
    const on = all.filter((fault) => ids.includes(fault.id))
    await this.#parts.admin.setRuntime(runtimeValues(all, on))
  }

  async doorReports(): Promise<readonly DoorReport[]> {
    return (await Promise.all(this.#doors.map((doors) => doors.did()))).flat()
  }

  /** Without such a fault nobody has to be asked. */
  get #doors(): readonly Doors[] {
    return this.#plan.faults.some(({ action }) => isAtDoor(action)) ? this.#parts.doors : []
  }

  envoyVersion() {
    return this.#parts.admin.version()
  }

  stats() {
    return this.#parts.admin.stats()
  }

  async settle() {
    const open = await this.#untilQuiet()
    if (open === 0 || this.#parts.app === undefined) return 0
    await this.#endApp()
    await this.#untilQuiet()
    return open
  }

  /** @returns how many calls Envoy still has when it has waited long enough */
  async #untilQuiet(): Promise<number> {
    const deadline = performance.now() + SETTLE_WITHIN_MS
    for (;;) {
      const [stats, active] = await Promise.all([this.stats(), this.#parts.active()])
      const inEnvoy = (listeners: RegExp) =>
        Object.entries(stats).reduce((sum, [name, value]) => sum + (listeners.test(name) ? value : 0), 0)
      if (inEnvoy(EVERY_LISTENER) === 0 && active === 0) return 0
      if (performance.now() >= deadline || this.death.aborted) return inEnvoy(EGRESS_LISTENERS)
      await sleep(SETTLE_POLL_MS)
    }
  }

  #endApp(): Promise<void> {
    this.#appEnding ??= this.#parts.app?.end() ?? Promise.resolve()
    return this.#appEnding
  }

  async flushLogs() {
    try {
      return await this.#parts.flushLogs(() => {
        this.#isOver = true
      })
    } catch (error) {
      // What ended the run says more than what could not be had of it any more.
      if (this.death.aborted) return null
      throw error
    }
  }

  stop() {
    this.#isOver = true
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop() {
    this.#parts.admin.close()
    // It may have something to say to Envoy before it ends.
    await this.#endApp()
    await this.#parts.end()
  }
}
