import type { Address } from '../envoy/addresses.ts'
import { parseStats, STATS_FILTER, type StatsSnapshot } from '../envoy/stats.ts'
import { ask, keepAlive } from './http.ts'

/** Envoy's admin interface, as far as a run needs it. */
export class Admin {
  readonly #address: Address
  readonly #agent = keepAlive()

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

  /** Sets runtime values and reads them back: Envoy takes any value without a word, so only the reading confirms it. */
  async setRuntime(values: Readonly<Record<string, string>>): Promise<void> {
    const keys = Object.keys(values)
    if (keys.length === 0) return
    await this.#ask('POST', `/runtime_modify?${new URLSearchParams(values)}`)
    const { entries } = JSON.parse(await this.#ask('GET', '/runtime?format=json')) as { entries: Record<string, { final_value: string }> }
    for (const key of keys) {
      const seen = entries[key]?.final_value
      if (seen !== values[key]) throw new Error(`runtime key ${key} was set to ${values[key]} but reads ${seen ?? 'nothing'}`)
    }
  }

  async stats(): Promise<StatsSnapshot> {
    return parseStats(await this.#ask('GET', `/stats?format=json&usedonly&filter=${encodeURIComponent(STATS_FILTER)}`))
  }

  /** Writes out buffered access log lines. They would otherwise wait up to 10 s. */
  async flushLogs(): Promise<void> {
    await this.#ask('POST', '/reopen_logs')
  }

  close(): void {
    this.#agent.destroy()
  }

  #ask(method: 'GET' | 'POST', path: string): Promise<string> {
    return ask(this.#address, method, path, { agent: this.#agent })
  }
}
