import type { RequestRecord } from '../observe/record.ts'
import { numbersOf, type Records } from '../observe/records.ts'
import { nounOf } from '../plan/noun.ts'
import { holds } from '../value/condition.ts'
import { plural } from '../value/show.ts'
import { calmOf, STALLED } from './calm.ts'
import { type ClaimOf, quote } from './claim.ts'
import { limitsOf } from './decide.ts'
import { topmost } from './examples.ts'
import { type Evidence, type Finding, finding, latencyOf, nothingSeen } from './finding.ts'
import { MIN_EXACT } from './limits.ts'
import { showMs } from './show.ts'

/**
 * `latency: "<= 300ms"`: what must hold for every request, each on its own. A request that the machine held up proves
 * neither that it is too slow nor that it is slow enough; one that was never answered was not served slowly, but not at all.
 */
export function measureEachLatency(claim: ClaimOf<'each_latency'>, records: Records, { plan, observations }: Evidence): Finding {
  if (records.length === 0) return nothingSeen(plan)
  const { condition } = claim
  const { least, most } = limitsOf(condition)
  const isWrong = (record: RequestRecord) => !holds(condition, latencyOf(record))
  const wrong = records.filter(isWrong)
  const calm = calmOf(records, observations)
  const calmWrong = calm.filter(isWrong)
  // A floor is only reached by answers, and by those that nothing but the policy held up.
  const telling = least > 0 ? calm.filter((record) => Number.isFinite(latencyOf(record))) : records
  const unanswered = records.filter((record) => !Number.isFinite(latencyOf(record)))
  const all = numbersOf(records, latencyOf).sort()
  const range = `${showMs(all[0] as number)} .. ${showMs(all.at(-1) as number)}`
  const open = most === Number.POSITIVE_INFINITY && unanswered.length > 0
  const status = calmWrong.length > 0 ? 'fail' : wrong.length > 0 || open || telling.length < MIN_EXACT ? 'inconclusive' : 'pass'
  const outside = wrong.length > 0 ? `, ${wrong.length} of them outside` : ''
  const broken = unanswered.length > 0 ? `, ${unanswered.length} without a whole answer` : ''
  return finding({
    seen: range,
    value: null,
    interval: null,
    samples: records.length,
    status,
    why: `expected ${quote(claim)} of every ${nounOf(plan)}, got ${range} from ${plural(records.length, nounOf(plan))}${outside}${broken}${reasonOf()}`,
    examples: topmost(wrong.length > 0 ? wrong : records, (record) => distance(latencyOf(record))),
  })

  function reasonOf(): string {
    if (status !== 'inconclusive') return ''
    if (wrong.length > 0) return `, which ${STALLED}; free the CPU`
    if (open) return ', and of those nobody knows how long they would have taken'
    return `, and a claim about every ${nounOf(plan)} needs at least ${MIN_EXACT}${least > 0 && records.length >= MIN_EXACT ? ' that nothing but the policy held up' : ''}`
  }

  /** How far a latency lies outside of what was asked; the slowest first where all lie within. */
  function distance(ms: number): number {
    return ms < least ? least - ms : ms > most ? ms - most : ms - Number.MAX_SAFE_INTEGER
  }
}
