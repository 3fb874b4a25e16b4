import type { Match } from '../content/match.ts'
import { matchBody } from '../content/match-body.ts'
import { matchHeader } from '../content/match-header.ts'
import type { RequestRecord } from '../observe/record.ts'
import { type ClaimOf, quote } from './claim.ts'
import { type Finding, finding, noData } from './finding.ts'
import { MIN_EXACT } from './limits.ts'
import { plural } from './show.ts'

const MOST_KINDS = 3
const MOST_EXAMPLES = 3

/**
 * `body` and `headers`: what must hold for every answer. One counterexample refutes it, and one answer of which not all
 * is known leaves it open. What asks that something is not there is about answers only: silence proves nothing.
 */
export function measureContent(claim: ClaimOf<'content'>, records: readonly RequestRecord[]): Finding {
  const match = matcher(claim)
  const seen = records.map((record) => ({ record, ...match(record) }))
  const of = (is: Match['is']) => seen.filter((each) => each.is === is)
  const [met, missed, unknown] = [of('met'), of('missed'), of('unknown')]
  const samples = records.length - of('none').length
  if (samples === 0) return noData(records.length === 0 ? 'no request was seen of those that it is about' : 'no request got an answer')
  const status = missed.length > 0 ? 'fail' : unknown.length > 0 || met.length < MIN_EXACT ? 'inconclusive' : 'pass'
  const telling = missed.length > 0 ? missed : unknown.length > 0 ? unknown : met
  const kinds = kindsOf(telling)
  const got = `expected ${quote(claim)} of every answer, got among ${plural(samples, 'answer')} ${kinds.text}`
  const few = `expected ${quote(claim)} of every answer, got ${plural(samples, 'answer')}, and a claim about every answer needs at least ${MIN_EXACT}`
  return finding({
    seen: `${met.length} of ${samples}`,
    value: met.length / samples,
    interval: null,
    samples,
    status,
    why: status === 'fail' ? got : unknown.length > 0 ? `${got}, which leaves it open` : few,
    examples: kinds.examples,
  })
}

type Seen = Match & { record: RequestRecord }

/** Requests with equal answers share what is kept of them, so each different one is looked at once. */
function matcher({ test }: ClaimOf<'content'>): (record: RequestRecord) => Match {
  const known = new Map<unknown, Map<unknown, Match>>()
  return (record) => {
    const look = () => (test.of === 'body' ? matchBody(test.is, record) : matchHeader(test.is, record))
    // A broken answer is one of a kind: its error tells it from a whole one.
    if (record.error !== null) return look()
    const byBody = known.get(record.headers) ?? new Map<unknown, Match>()
    known.set(record.headers, byBody)
    const part = test.of === 'body' ? record.body : null
    const match = byBody.get(part) ?? look()
    byBody.set(part, match)
    return match
  }
}

/** `12 × "out of stock" (200), 3 × no answer`, the most frequent first; and an example of each, then more of the first. */
function kindsOf(seen: readonly Seen[]): { text: string; examples: string[] } {
  const kinds = [...Map.groupBy(seen, ({ seen: what, record: { status } }) => (status === null ? what : `${what} (${status})`))].sort(
    (a, b) => b[1].length - a[1].length,
  )
  const shown = kinds.slice(0, MOST_KINDS)
  const others = kinds.slice(MOST_KINDS).reduce((sum, [, of]) => sum + of.length, 0)
  const firsts = shown.flatMap(([, of]) => of.slice(0, 1))
  const more = shown[0]?.[1].slice(1) ?? []
  return {
    text: `${shown.map(([what, of]) => `${of.length} × ${what}`).join(', ')}${others === 0 ? '' : ` and ${others} others`}`,
    examples: [...firsts, ...more].slice(0, MOST_EXAMPLES).map(({ record }) => record.id),
  }
}
