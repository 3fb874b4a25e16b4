import { attemptsOf, faultsAt, type RequestRecord } from '../observe/record.ts'
import type { Records } from '../observe/records.ts'
import { nameOfTimeout } from '../scenario/timeouts.ts'
import { answerName, asHttp } from '../value/grpc-status.ts'
import { showCount } from '../verdict/show.ts'
import { duration } from './figures.ts'

/** A machine that is not starved adds less to a try by itself. */
const NOTABLE_MS = 20

type Kind = 'refused' | 'suppressed' | 'noHost' | 'worker' | 'connection' | 'unconnected' | 'reset' | 'cut' | 'failed'

/** What keeps further attempts from being made. */
export const STOPPING: readonly Kind[] = ['refused', 'suppressed', 'noHost']
export const ANY: readonly Kind[] = [...STOPPING, 'worker', 'connection', 'unconnected', 'reset', 'cut', 'failed']

export interface Hindrances {
  /** `12 refused by max_requests`, the most frequent first. */
  told: string[]
  /** Of how many requests the evidence knows of none. */
  unknown: number
}

/**
 * What besides the faults happened to requests, by what the evidence knows.
 * @param leastMs - shorter waits are not told
 */
export function hindrances(records: Records, kinds: readonly Kind[] = ANY, leastMs = NOTABLE_MS): Hindrances {
  const found = new Map<string, { count: number; longest: number }>()
  let unknown = 0
  for (const record of records) {
    const own = hindrancesOf(record, kinds, leastMs)
    if (own.size === 0) unknown++
    for (const [words, ms] of own) {
      const known = found.get(words) ?? { count: 0, longest: 0 }
      found.set(words, { count: known.count + 1, longest: Math.max(known.longest, ms) })
    }
  }
  const told = [...found]
    .sort(([, a], [, b]) => b.count - a.count)
    .map(([words, { count, longest }]) => `${showCount(count)} ${words}${longest === 0 ? '' : ` (${duration(longest)} at most)`}`)
  return { told, unknown }
}

/** Each thing that happened to a request, once, with how long it took where it is a wait. */
function hindrancesOf(record: RequestRecord, kinds: readonly Kind[], leastMs: number): Map<string, number> {
  const found = new Map<string, number>()
  const add = (kind: Kind, words: string, ms = 0) => {
    if (kinds.includes(kind)) found.set(words, Math.max(found.get(words) ?? 0, ms))
  }
  for (const { egress } of record.calls) {
    if (egress.rejectedBy !== null) add('refused', `refused by ${egress.rejectedBy}`)
    if (egress.retrySuppressedBy !== null) add('suppressed', `denied a retry by ${egress.retrySuppressedBy}`)
    if (egress.flags.includes('UH')) add('noHost', 'without a healthy host')
  }
  for (const attempt of attemptsOf(record)) {
    const { stub, poolMs, flags, cutBy, status } = attempt
    const isFault = faultsAt(attempt).length > 0
    const queued = stub === null ? 0 : stub.started - stub.arrived - (stub.held ?? 0)
    if (queued >= leastMs) add('worker', 'waited for a worker of the stub', queued)
    if (poolMs >= leastMs) add('connection', 'waited for a connection', poolMs)
    if (attempt.door === undefined && (cutBy === 'connect' || flags.includes('UF'))) add('unconnected', 'failed to connect')
    else if (cutBy !== null && !isFault) add('cut', `cut by ${nameOfTimeout(cutBy)} without a fault`)
    if (flags.includes('UC') && !isFault) add('reset', 'reset by the upstream')
    if (stub !== null && asHttp(attempt) >= 500 && stub.status === status) add('failed', `answered ${answerName(attempt)} by the stub`)
  }
  return found
}
