import { setTimeout as sleep } from 'node:timers/promises'
import type { Address } from '../envoy/addresses.ts'
import { parseStats, STATS_FILTER, type StatsSnapshot } from '../envoy/stats.ts'
import { ask, keepAlive } from './http.ts'

/** What a key that was never set stands for: the faults of the configuration sleep until they are told otherwise. */
const UNSET = '0'

/** Bytes of all access logs together that wait to be written. */
const BUFFERED = 'filesystem.write_total_buffered'
/** Lines that are missing then are missed when the logs are joined. */
const FLUSHED_WITHIN_MS = 2000

/** Envoy answers 431 to a head of more than 60 KiB. The changes of one edge (at most 50 faults off and 50 on) fit into this. */
const LONGEST_QUERY = 16_000

/** Query strings that together set all of this, as few as possible: what one of them sets changes at one instant. */
function queries(values: readonly (readonly [string, string])[]): string[] {
  const found: string[] = []
  for (const [key, value] of values) {
    const pair = `${new URLSearchParams({ [key]: value })}`
    const last = found.at(-1)
    if (last !== undefined && last.length + 1 + pair.length <= LONGEST_QUERY) found[found.length - 1] = `${last}&${pair}`
    else found.push(pair)
  }
  return found
}

/** Envoy's admin interface, as far as a run needs it. */
export class Admin {
  readonly #address: Address
  readonly #agent = keepAlive()
  /** What each key was last set to; undefined while that is not confirmed. */
  readonly #set = new Map<string, string | undefined>()

  constructor(address: Address) {
    this.#address = address
  }

  /**
   * Whether the Envoy of this configuration takes requests. The path is compared, since on a port that was taken
   * meanwhile the Envoy of another run would answer.
   */
  async ready(configFile: string): Promise<boolean> {
    try {
      const info = JSON.parse(await this.#ask('GET', '/server_info')) as { state: string; command_line_options: { config_path: string } }
      return info.state === 'LIVE' && info.command_line_options.config_path === configFile
    } catch {
      return false
    }
  }

  /** Such as `1.40.0`. */
  async version(): Promise<string> {
    const { version } = JSON.parse(await this.#ask('GET', '/server_info')) as { version: string }
    return version.split('/')[1] ?? version
  }

  /**
   * Sets the runtime values that differ from what was last set, and reads all of them back: Envoy takes any value without
   * a word, so only the reading confirms it.
   */
  async setRuntime(values: Readonly<Record<string, string>>): Promise<void> {
    const changed = Object.entries(values).filter(([key, value]) => value !== (this.#set.has(key) ? this.#set.get(key) : UNSET))
    if (changed.length === 0) return
    for (const [key] of changed) this.#set.set(key, undefined)
    for (const query of queries(changed)) await this.#ask('POST', `/runtime_modify?${query}`)
    const { entries } = JSON.parse(await this.#ask('GET', '/runtime?format=json')) as { entries: Record<string, { final_value: string }> }
    for (const [key, value] of Object.entries(values)) {
      const seen = entries[key]?.final_value ?? UNSET
      if (seen !== value) throw new Error(`runtime key ${key} was set to ${value} but reads ${seen}`)
    }
    for (const [key, value] of changed) this.#set.set(key, value)
  }

  async stats(): Promise<StatsSnapshot> {
    return parseStats(await this.#ask('GET', `/stats?format=json&usedonly&filter=${encodeURIComponent(STATS_FILTER)}`))
  }

  /**
   * Writes out buffered access log lines, which would otherwise wait up to 10 s. Envoy answers before its flushing thread
   * has written them; the gauge of what is buffered says when it has.
   * @returns whether all of it is written
   */
  async flushLogs(): Promise<boolean> {
    await this.#ask('POST', '/reopen_logs')
    const deadline = performance.now() + FLUSHED_WITHIN_MS
    while ((await this.#bufferedBytes()) > 0) {
      if (performance.now() >= deadline) return false
      await sleep(1)
    }
    return true
  }

  async #bufferedBytes(): Promise<number> {
    const stats = parseStats(await this.#ask('GET', `/stats?format=json&filter=${encodeURIComponent(`^${BUFFERED}$`)}`))
    return stats[BUFFERED] ?? 0
  }

  close(): void {
    this.#agent.destroy()
  }

  #ask(method: 'GET' | 'POST', path: string): Promise<string> {
    return ask(this.#address, method, path, { agent: this.#agent })
  }
}
