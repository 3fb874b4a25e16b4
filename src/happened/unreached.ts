import type { Attempt, Call, RequestRecord } from '../observe/record.ts'
import { timeoutValue } from '../scenario/policy.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { endsRequest, type Timeout } from '../scenario/timeouts.ts'
import { type Setting, timeoutSetting } from './setting.ts'
import { unconnectedOf } from './traffic.ts'

/** A limit of time that a claim wanted to see at work: what came nearest to it. */
export class Unreached {
  readonly by: Timeout
  readonly #scenario: Scenario
  #longest: { ms: number; call: Call } | null = null

  constructor(by: Timeout, scenario: Scenario) {
    this.by = by
    this.#scenario = scenario
  }

  add({ calls }: RequestRecord): void {
    for (const call of calls) {
      const ms = endsRequest(this.by) ? call.egress.durationMs : Math.max(0, ...call.attempts.map((attempt) => watched(this.by, attempt)))
      if (this.#longest === null || ms > this.#longest.ms) this.#longest = { ms, call }
    }
  }

  /** The limit, where nothing came near it; null where something else kept it from cutting. */
  setting(): { setting: Setting; cluster: string; waited: number } | null {
    if (this.#longest === null) return null
    const { ms, call } = this.#longest
    const limit = timeoutValue(this.#scenario, this.by, call.egress)?.ms ?? Number.POSITIVE_INFINITY
    if (ms >= limit || call.egress.cluster === null) return null
    return { setting: timeoutSetting(this.#scenario, this.by, call.egress), cluster: call.egress.cluster, waited: ms }
  }
}

/** How much of an attempt a limit sees: connecting, or what comes then. */
const watched = (by: Timeout, attempt: Attempt) => (by === 'connect' ? unconnectedOf(attempt) : attempt.durationMs - unconnectedOf(attempt))
