import type { Match } from '../content/match.ts'
import { matchBody } from '../content/match-body.ts'
import { matchHeader } from '../content/match-header.ts'
import { exitCodeOf } from '../observe/exit-code.ts'
import type { RequestRecord } from '../observe/record.ts'
import type { Records } from '../observe/records.ts'
import { nounOf } from '../plan/noun.ts'
import { plural } from '../value/show.ts'
import { MOST_EXAMPLES } from './cause.ts'
import { type ClaimOf, quote } from './claim.ts'
import { type Evidence, type Finding, finding, noData, nothingSeen } from './finding.ts'
import { MIN_EXACT } from './limits.ts'

const MOST_KINDS = 3

/**
 * `body` and `headers`: what must hold for every answer. One counterexample refutes it, and one answer of which not all
 * is known leaves it open. What asks that something is not there is about answers only: silence proves nothing.
 */
export function measureContent(claim: ClaimOf<'content'>, records: Records, { plan }: Pick<Evidence, 'plan'>): Finding {
  if (records.length === 0) return nothingSeen(plan)
  const noun = nounOf(plan) === 'run' ? 'run' : 'answer'
  const match = matcher(claim)
  const seen = { met: new Kinds(), missed: new Kinds(), unknown: new Kinds(), none: new Kinds() }
  for (const record of records) {
    const { is, seen: what } = match(record)
    seen[is].add(record, what)
  }
  const samples = records.length - seen.none.count
  if (samples === 0) return noData(`no ${nounOf(plan)} ${noun === 'run' ? 'came to its end' : 'got an answer'}`)
  const { met, missed, unknown } = seen
  const status = missed.count > 0 ? 'fail' : unknown.count > 0 || met.count < MIN_EXACT ? 'inconclusive' : 'pass'
  const telling = missed.count > 0 ? missed : unknown.count > 0 ? unknown : met
  const expected = `expected ${quote(claim)} of every ${noun}, got`
  const few = `${expected} ${plural(samples, noun)}, and a claim about every ${noun} needs at least ${MIN_EXACT}`
  return finding({
    seen: `${met.count} of ${samples}`,
    value: met.count / samples,
    interval: null,
    samples,
    status,
    why:
      telling === met ? few : `${expected} among ${plural(samples, noun)} ${telling}${status === 'fail' ? '' : ', which leaves it open'}`,
    examples: telling.examples,
  })
}

/** Requests with equal answers share what is kept of them, so each different one is looked at once. */
function matcher({ test }: ClaimOf<'content'>): (record: RequestRecord) => Match {
  const look = (record: RequestRecord) => (test.of === 'body' ? matchBody(test.is, record) : matchHeader(test.is, record))
  const known = new Map<unknown, Map<unknown, Match>>()
  return (record) => {
    // One that broke off is another than a whole one with the same words.
    if (record.error !== null) return look(record)
    let byBody = known.get(record.headers)
    if (byBody === undefined) {
      byBody = new Map()
      known.set(record.headers, byBody)
    }
    const part = test.of === 'body' ? record.body : null
    const match = byBody.get(part) ?? look(record)
    byBody.set(part, match)
    return match
  }
}

/** What was seen at how many requests. */
class Kinds {
  count = 0
  readonly #kinds = new Map<string, { count: number; examples: string[] }>()

  add(record: RequestRecord, seen: string): void {
    this.count++
    const { id, status } = record
    const code = exitCodeOf(record)
    const ended = code === null ? status : `exit code ${code}`
    const kind = ended === null ? seen : `${seen} (${ended})`
    const known = this.#kinds.get(kind)
    if (known === undefined) this.#kinds.set(kind, { count: 1, examples: [id] })
    else {
      known.count++
      if (known.examples.length < MOST_EXAMPLES) known.examples.push(id)
    }
  }

  /** Up to three that show different kinds, the most frequent first; then more of that. */
  get examples(): string[] {
    const [first, ...others] = this.#frequent.map(([, { examples }]) => examples)
    const firsts = [first, ...others].flatMap((examples) => examples?.slice(0, 1) ?? [])
    return [...firsts.slice(0, MOST_EXAMPLES), ...(first?.slice(1) ?? [])].slice(0, MOST_EXAMPLES)
  }

  get #frequent() {
    return [...this.#kinds].sort((a, b) => b[1].count - a[1].count)
  }

  /** `12 × "out of stock" (200), 3 × no answer`, the most frequent first. */
  toString(): string {
    const shown = this.#frequent.slice(0, MOST_KINDS)
    const others = this.count - shown.reduce((sum, [, { count }]) => sum + count, 0)
    return `${shown.map(([kind, { count }]) => `${count} × ${kind}`).join(', ')}${others === 0 ? '' : ` and ${plural(others, 'other')}`}`
  }
}
