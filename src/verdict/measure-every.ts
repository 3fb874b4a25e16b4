import { exitCodeOf } from '../observe/exit-code.ts'
import { attemptsOf, type RequestRecord } from '../observe/record.ts'
import type { Records } from '../observe/records.ts'
import { nounOf } from '../plan/noun.ts'
import { holds } from '../value/condition.ts'
import { grpcName } from '../value/grpc-status.ts'
import { plural } from '../value/show.ts'
import { causes } from './cause.ts'
import { type ClaimOf, quote } from './claim.ts'
import { diverse } from './examples.ts'
import { type Evidence, type Finding, finding, nothingSeen } from './finding.ts'
import { MIN_EXACT } from './limits.ts'
import { madeByApp } from './tries.ts'

/** `status: 503`, `grpc_status: OK`, `exit_code: 0` and `attempts: 3`: what must hold for every request. One counterexample refutes it. */
export function measureEvery(claim: ClaimOf<'every'>, records: Records, { plan }: Evidence): Finding {
  if (records.length === 0) return nothingSeen(plan)
  const { of } = claim
  const noun = nounOf(plan)
  const isKnown = ({ joined }: RequestRecord) => joined || !('attempts' in of)
  const measured = (record: RequestRecord) => {
    if ('status' in of) return record.status
    if ('grpcStatus' in of) return record.grpcStatus ?? null
    if ('exitCode' in of) return exitCodeOf(record)
    return isKnown(record) ? attemptsOf(record).length : null
  }
  const none = 'attempts' in of ? 'not known' : 'no answer'
  const isRight = (record: RequestRecord) =>
    'attempts' in of ? holds(of.attempts, attemptsOf(record).length) : measured(record) === Object.values(of)[0]
  const shown = 'grpcStatus' in of ? grpcName : String
  const wrong = records.filter((record) => !isRight(record))
  const status = wrong.length > 0 ? 'fail' : records.length >= MIN_EXACT ? 'pass' : 'inconclusive'
  const values = [...records.reduce((seen, record) => seen.add(measured(record)), new Set<number | null>())]
  return finding({
    seen: counted(records, measured, shown, none),
    value: values.length === 1 ? (values[0] ?? null) : null,
    interval: null,
    samples: records.length,
    status,
    why:
      status === 'fail'
        ? `expected ${quote(claim)} of every ${noun}, got ${counted(wrong, measured, shown, none)} at ${wrong.length} of ${plural(records.length, noun)}: ${causes(wrong, plan)}${'attempts' in of ? madeByApp(wrong, plan) : ''}`
        : `expected ${quote(claim)} of every ${noun}, got ${plural(records.length, noun)}, and a claim about every ${noun} needs at least ${MIN_EXACT}`,
    // What one made that is not known shows nothing.
    examples: diverse(wrong.length > 0 ? wrong.filter(isKnown) : records, plan.load.deadline),
  })
}

/** `3`, or `200 (12 ×), 503 (388 ×)`; the most frequent value first. */
function counted(
  records: Records,
  measured: (record: RequestRecord) => number | null,
  shown: (value: number) => string,
  none: string,
): string {
  const counts = new Map<string, number>()
  for (const record of records) {
    const number = measured(record)
    const value = number === null ? none : shown(number)
    counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  if (counts.size === 1) return [...counts.keys()].join()
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([value, count]) => `${value} (${count} ×)`)
    .join(', ')
}
