import type { Bounds } from '../observe/crowd.ts'
import type { RequestRecord } from '../observe/record.ts'
import type { Records } from '../observe/records.ts'
import { eachSpare } from '../observe/spare.ts'
import { nounOf } from '../plan/noun.ts'
import { plural } from '../value/show.ts'
import { calmOf, STALLED } from './calm.ts'
import { type ClaimOf, quote } from './claim.ts'
import { decide } from './decide.ts'
import { topmost } from './examples.ts'
import { type Evidence, type Finding, finding } from './finding.ts'
import { MIN_EXACT } from './limits.ts'
import { showCount } from './show.ts'

/** Refusals while workers were free: decided where those that are sure, and all that may be, decide alike. */
export function measureSpare(claim: ClaimOf<'count'>, records: Records, { observations, plan, scenario }: Evidence): Finding {
  const spare = spareOf({ observations, plan, scenario })
  const all = total(records, spare)
  const concerned = records.filter((record) => spare(record).most > 0)
  const calm = total(calmOf(concerned, observations), spare)
  const status = decide(claim.condition, { low: all.least, high: all.most })
  const silent = decide(claim.condition, { low: 0, high: 0 }) === 'pass' && records.length < MIN_EXACT
  const stalled = status !== decide(claim.condition, { low: calm.least, high: calm.most })
  const seen = all.least === all.most ? showCount(all.least) : `${showCount(all.least)} to ${showCount(all.most)}`
  const why = [
    `expected ${quote(claim)}, got ${seen} in ${plural(records.length, nounOf(plan))}`,
    ...(status === 'inconclusive' ? ['which of them found a worker free depends on less than the clocks tell'] : []),
    ...(silent ? [`a claim that silence satisfies needs at least ${MIN_EXACT}`] : []),
    ...(stalled ? [`some ${STALLED}, and without those the answer is another; free the CPU`] : []),
  ]
  return finding({
    seen,
    value: all.least === all.most ? all.least : null,
    interval: null,
    samples: records.length,
    status: (silent && status === 'pass') || stalled ? 'inconclusive' : status,
    why: why.join('; '),
    // The sure ones first. Where there is none, no request shows what did not happen, so any will do.
    examples: concerned.length > 0 ? topmost(concerned, (record) => spare(record).least) : records.slice(0, 3).map(({ id }) => id),
  })
}

const total = (records: Records, spare: (record: RequestRecord) => Bounds) =>
  records.reduce(
    (sum, record) => {
      const { least, most } = spare(record)
      return { least: sum.least + least, most: sum.most + most }
    },
    { least: 0, most: 0 },
  )

/** Of each request, how many of its calls were refused so: of a selected one only those that are asked about. */
function spareOf(evidence: Parameters<typeof eachSpare>[0]): (record: RequestRecord) => Bounds {
  const found = new Map<string, Map<string, Bounds>>()
  eachSpare(evidence, ({ id }, { cluster, sure }) => {
    const own = found.get(id) ?? new Map<string, Bounds>()
    found.set(id, own)
    const { least, most } = own.get(cluster) ?? { least: 0, most: 0 }
    own.set(cluster, { least: least + (sure ? 1 : 0), most: most + 1 })
  })
  return ({ id, calls }) => {
    const sum = { least: 0, most: 0 }
    for (const [cluster, bounds] of found.get(id) ?? [])
      if (calls.some(({ egress }) => egress.cluster === cluster)) {
        sum.least += bounds.least
        sum.most += bounds.most
      }
    return sum
  }
}
