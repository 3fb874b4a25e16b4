import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { ClientLines } from './evidence/client-lines.ts'
import { LOGS } from './evidence/stored-run.ts'
import { LineFile } from './line-file.ts'
import type { ClientLog } from './load/client-log.ts'
import type { PhaseTimes } from './observe/timeline.ts'
import { writing } from './topology/disk.ts'

/** Stores, while the load runs, what only the harness itself sees: each request that ended, and each phase. */
export class Recorder {
  readonly #client: LineFile
  readonly #phases: LineFile
  readonly #hide: (text: string) => string
  #lines: ClientLines | undefined

  /**
   * @param hide - takes secrets out of text
   * @throws ChaosError when its files cannot be made
   */
  constructor(directory: string, hide: (text: string) => string) {
    this.#hide = hide
    const logs = join(directory, 'logs')
    const open = (name: string) => writing(join(logs, name), () => new LineFile(join(logs, name)))
    writing(logs, () => mkdirSync(logs, { recursive: true }))
    this.#client = open(LOGS.client)
    this.#phases = open(LOGS.phases)
  }

  onLog(log: ClientLog): void {
    this.#lines = new ClientLines(log, this.#hide)
    this.#client.write(this.#lines.start())
  }

  onEnd(index: number): void {
    if (this.#lines) this.#client.write(this.#lines.ended(index))
  }

  onPhaseOver(times: PhaseTimes): void {
    this.#phases.write(JSON.stringify(times))
  }

  /** Waits until all is on disk. @throws ChaosError when the disk did not take something, at any time */
  async close(): Promise<void> {
    const [client, phases] = await Promise.allSettled([this.#client.close(), this.#phases.close()])
    for (const { status, reason } of [client, phases] as PromiseRejectedResult[]) if (status === 'rejected') throw reason
  }
}
