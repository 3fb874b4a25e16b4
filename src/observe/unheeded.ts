import type { Plan } from '../plan/plan.ts'
import { plural } from '../value/show.ts'
import type { EgressLine } from './parse-logs.ts'

/** Faults that an app asked Envoy for of its own accord, and no fault by: header heeds: nothing happens then, and nothing would tell. */
export class Unheeded {
  readonly #heeded: ReadonlySet<string>
  readonly #sent: ReadonlySet<string>
  readonly #calls = new Map<string, number>()

  constructor({ faults, requests }: Plan) {
    const tests = faults.flatMap(({ byHeader, when, cluster }) => (byHeader ? when.map((test) => ({ ...test, cluster })) : []))
    this.#heeded = new Set(tests.flatMap((test) => ('text' in test ? [asking(test.cluster, test.name, test.text)] : [])))
    // What the load asks for is warned of before the run.
    this.#sent = new Set(requests.flatMap(({ headers }) => Object.keys(headers)))
  }

  add(lines: readonly EgressLine[]): void {
    for (const { asks, cluster } of lines)
      for (const [name, value] of Object.entries(asks ?? {})) {
        const what = asking(cluster, name, value)
        if (value === null || this.#sent.has(name) || this.#heeded.has(what)) continue
        this.#calls.set(what, (this.#calls.get(what) ?? 0) + 1)
      }
  }

  told(): string[] {
    return [...this.#calls]
      .slice(0, MOST)
      .map(
        ([what, count]) =>
          `${plural(count, 'call')} of the app asked for a fault by ${what}, and nothing came of it: no fault by: header takes that; add one to a phase, or have the app send none`,
      )
  }
}

/** The rest is more of the same. */
const MOST = 5

const asking = (cluster: string | null, name: string, value: string | null) => `${name}: ${value} at ${cluster ?? 'no cluster'}`
