import type { Ejection } from '../observe/observations.ts'
import type { RequestRecord } from '../observe/record.ts'
import type { Plan } from '../plan/plan.ts'
import { endsRequest, placeOfTimeout } from '../scenario/timeouts.ts'
import type { Moment } from './page-data.ts'

const MOST = 24

/** When each limit first acted in each phase. */
export class FirstMoments {
  readonly #phases: readonly { name: string }[]
  readonly #firsts = new Map<string, Moment>()

  constructor({ phases }: Pick<Plan, 'phases'>) {
    this.#phases = phases
  }

  add({ phase, calls }: RequestRecord): void {
    for (const { egress, attempts } of calls) {
      const { cluster, rejectedBy, retrySuppressedBy, cutBy, start, durationMs } = egress
      const end = start + durationMs
      if (rejectedBy !== null) this.#note(phase, end, `${rejectedBy} of ${cluster} refuses a request`)
      if (retrySuppressedBy !== null) this.#note(phase, end, `${retrySuppressedBy} of ${cluster} suppresses a retry`)
      if (cutBy !== null) this.#note(phase, end, `${placeOfTimeout(cutBy, egress)} ends a request`)
      for (const attempt of attempts)
        if (attempt.cutBy !== null && !endsRequest(attempt.cutBy))
          this.#note(phase, attempt.start + attempt.durationMs, `${placeOfTimeout(attempt.cutBy, egress)} cuts a try`)
    }
  }

  end(ejections: readonly Ejection[]): Moment[] {
    const ejected = ejections.map(({ cluster, from }) => ({ at: from, what: `outlier detection ejects a host of ${cluster}` }))
    return [...this.#firsts.values(), ...ejected]
      .sort((a, b) => a.at - b.at)
      .slice(0, MOST)
      .map(({ at, what }) => ({ at: Math.round(at), what }))
  }

  #note(phase: number, at: number, what: string): void {
    const key = `${phase} ${what}`
    const name = this.#phases[phase]?.name
    const known = this.#firsts.get(key)
    if (known === undefined || at < known.at) this.#firsts.set(key, { at, what: name === undefined ? what : `${what} of ${name}` })
  }
}
