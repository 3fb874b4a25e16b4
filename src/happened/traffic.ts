import { type Attempt, type Call, faultsAt, type RequestRecord } from '../observe/record.ts'
import { asHttp } from '../value/grpc-status.ts'

/** What came to a cluster by one route, of one kind of request, in one phase. */
export interface Traffic {
  calls: number
  attempts: number
  /** Attempts that ended without an answer, or with an error. */
  failed: number
  /** Attempts that per_try_timeout cut. */
  cut: number
  /** Of those, without a fault, and after a wait for a worker of the stub. */
  cutInLine: number
  /** Ms; the longest wait for a worker. */
  longestLine: number
}

/** A machine that is not starved adds less to a try by itself. */
const NOTABLE_MS = 20

/** Ms for which an attempt stood in the line before the workers of the stub. */
export const lineOf = ({ stub }: Attempt) => (stub === null ? 0 : Math.max(0, stub.started - stub.arrived - (stub.held ?? 0)))

/** Ms for which an attempt had no connection. One that its hop never saw had none to its end. */
export const unconnectedOf = ({ hop, durationMs, poolMs }: Attempt) => (hop === null ? durationMs : poolMs)

export const tryFailed = (attempt: Attempt) => attempt.status === 0 || asHttp(attempt) >= 400

/** Which calls are counted together. */
const key = ({ phase, request }: Pick<RequestRecord, 'phase' | 'request'>, { egress }: Pick<Call, 'egress'>) =>
  `${phase} ${request} ${egress.route} ${egress.cluster}`

export class AllTraffic {
  readonly #by = new Map<string, Traffic>()
  readonly #ofCluster = new Map<string, Traffic>()

  add(record: RequestRecord): void {
    for (const call of record.calls) {
      add(this.#by, key(record, call), call)
      add(this.#ofCluster, `${record.phase} ${call.egress.cluster}`, call)
    }
  }

  /** Of the same kind as this call of a request. */
  like(record: RequestRecord, call: Call): Traffic {
    return this.#by.get(key(record, call)) ?? none()
  }

  /** All that came to a cluster in a phase. */
  to(cluster: string | null, phase: number): Traffic {
    return this.#ofCluster.get(`${phase} ${cluster}`) ?? none()
  }
}

const none = (): Traffic => ({ calls: 0, attempts: 0, failed: 0, cut: 0, cutInLine: 0, longestLine: 0 })

function add(to: Map<string, Traffic>, of: string, { attempts }: Call): void {
  const sum = to.get(of) ?? none()
  to.set(of, sum)
  sum.calls++
  for (const attempt of attempts) {
    const line = lineOf(attempt)
    sum.attempts++
    if (tryFailed(attempt)) sum.failed++
    if (attempt.cutBy === 'per_try') sum.cut++
    if (attempt.cutBy === 'per_try' && line >= NOTABLE_MS && faultsAt(attempt).length === 0) sum.cutInLine++
    sum.longestLine = Math.max(sum.longestLine, line)
  }
}

/** Attempts for each request from which on retries are more than a help. */
const STORM_FACTOR = 1.8

/**
 * Retries keep a line before the workers alive that makes them necessary: most tries are cut while they stand in it, and no
 * fault has a part in that.
 */
export const isStorm = ({ calls, attempts, cut, cutInLine }: Traffic) =>
  attempts >= STORM_FACTOR * calls && 2 * cut >= attempts && 2 * cutInLine >= cut
