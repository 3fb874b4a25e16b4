import { describeAction } from '../fault/registry.ts'
import { attemptsOf, cutsOf, isRejected, type RequestRecord, retriesOf, suppressionsOf } from '../observe/record.ts'
import { nounOf } from '../plan/noun.ts'
import { nameOfTimeout, TIMEOUTS, type Timeout } from '../scenario/timeouts.ts'
import { grouped, trim } from '../units.ts'
import { plural } from '../value/show.ts'
import type { Seen, Sentence } from './sentence.ts'

/** What requests of one phase came to. */
class Sums {
  requests = 0
  failed = 0
  retries = 0
  attempts = 0
  refused = 0
  suppressed = 0
  /** Not all of whose calls are known. */
  unjoined = 0
  cuts = new Map<Timeout, number>()

  add(record: RequestRecord): void {
    this.requests++
    this.failed += Number(!record.success)
    this.retries += retriesOf(record)
    this.attempts += attemptsOf(record).length
    this.refused += Number(isRejected(record))
    this.suppressed += suppressionsOf(record)
    this.unjoined += Number(!record.joined)
    for (const by of TIMEOUTS) {
      const cuts = cutsOf(record, by)
      if (cuts > 0) this.cuts.set(by, (this.cuts.get(by) ?? 0) + cuts)
    }
  }
}

/** What each phase came to, in counts. Nobody is blamed for it. */
export class Courses {
  readonly #seen: Seen
  readonly #sums: readonly Sums[]

  constructor(seen: Seen) {
    this.#seen = seen
    this.#sums = seen.observations.phases.map(() => new Sums())
  }

  add(record: RequestRecord): void {
    this.#sums[record.phase]?.add(record)
  }

  /** A sentence for each phase in which something went on, that with most failures first. */
  sentences(): Sentence[] {
    const { phases } = this.#seen.observations
    const told = phases.flatMap((phase, index) => {
      const clauses = this.#clauses(index)
      const { failed, requests } = this.#sums[index] as Sums
      if (clauses.length === 0 && failed === 0) return []
      const noun = nounOf(this.#seen.plan)
      const end = failed === 0 ? `all ${plural(requests, noun)} succeeded` : `${grouped(failed)} of ${plural(requests, noun)} failed`
      const text = `in ${phase.name} ${[...clauses, end].join('; ')}`
      return [{ failed, sentence: { phase: phase.name, fromMs: phase.from, toMs: phase.to, text } }]
    })
    return told.sort((a, b) => b.failed - a.failed).map(({ sentence }) => sentence)
  }

  /** That nothing went on, where that is known of each request. */
  quiet(): Sentence[] {
    const { phases } = this.#seen.observations
    const requests = this.#sums.reduce((sum, each) => sum + each.requests, 0)
    if (requests === 0 || this.#sums.some(({ unjoined }) => unjoined > 0)) return []
    const isFailed = this.#seen.verdict.outcomes.some(({ status }) => status === 'fail')
    const text = `${isFailed ? '' : 'all was quiet: '}each of ${plural(requests, nounOf(this.#seen.plan))} succeeded without a retry, and nothing was cut, refused or ejected`
    return [{ phase: null, fromMs: phases[0]?.from ?? 0, toMs: phases.at(-1)?.to ?? 0, text }]
  }

  #clauses(index: number): string[] {
    const { cuts, refused, suppressed, retries, attempts, requests } = this.#sums[index] as Sums
    const ejections = Object.entries(this.#seen.observations.phases[index]?.ejections ?? {}).filter(([, count]) => count > 0)
    return [
      ...this.#met(index),
      ...[...cuts].map(([by, count]) => `${nameOfTimeout(by)} cut ${grouped(count)}`),
      ...(retries > 0
        ? [`${plural(retries, 'retry', 'retries')} made it ${trim(attempts / requests, 2)} attempts a ${nounOf(this.#seen.plan)}`]
        : []),
      ...(suppressed > 0 ? [`${plural(suppressed, 'retry was', 'retries were')} suppressed`] : []),
      ...(refused > 0 ? [`${grouped(refused)} ${refused === 1 ? 'was' : 'were'} refused by a full breaker`] : []),
      ...ejections.map(([cluster, count]) => `hosts of ${cluster} were ejected ${plural(count, 'time')}`),
    ]
  }

  #met(index: number): string[] {
    const { plan, observations } = this.#seen
    const sums = new Map<string, { noun: string; met: number }>()
    for (const { id, phase, met } of observations.faults) {
      const fault = plan.faults.find((planned) => planned.id === id)
      if (phase !== index || fault === undefined || met === 0) continue
      const noun = fault.at === 'ingress' ? 'request' : 'attempt'
      const what = `${describeAction(fault.action)}${fault.at === 'ingress' ? ' at ingress' : ''}`
      sums.set(what, { noun, met: met + (sums.get(what)?.met ?? 0) })
    }
    return [...sums].map(([what, { noun, met }]) => `${plural(met, noun)} met ${what}`)
  }
}
