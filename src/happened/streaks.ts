import type { Ejection } from '../observe/observations.ts'
import type { Attempt, Call } from '../observe/record.ts'
import { replicasIn } from '../plan/plan.ts'
import { asHttp } from '../value/grpc-status.ts'
import type { Seen } from './sentence.ts'
import { clusterOf } from './setting.ts'

/** Envoy's defaults. @see Envoy cluster.v3.OutlierDetection */
const CONSECUTIVE_5XX = 5
const MAX_EJECTION_PERCENT = 10

/** Follows how often each replica failed in a row, and tells where outlier detection had no room to take one out that it should have. */
export class Streaks {
  readonly #failed = new Map<string, number>()
  readonly #seen: Seen

  constructor(seen: Seen) {
    this.#seen = seen
  }

  /** @param call - in the order in which they came */
  add({ egress, attempts }: Call): void {
    for (const attempt of attempts) {
      if (attempt.replica === null) continue
      const host = `${egress.cluster} ${attempt.replica}`
      const isError = attempt.status === 0 || asHttp(attempt) >= 500
      this.#failed.set(host, isError ? (this.#failed.get(host) ?? 0) + 1 : 0)
    }
  }

  /** Whether a replica that had just failed too often stayed in, since as many were out as may be. */
  isKept(cluster: string, { replica, start }: Attempt): boolean {
    const detection = clusterOf(this.#seen.scenario, cluster)?.outlier_detection
    if (detection === undefined || replica === null) return false
    const streak = this.#failed.get(`${cluster} ${replica}`) ?? 0
    if (streak <= (detection.consecutive_5xx ?? CONSECUTIVE_5XX)) return false
    const hosts = replicasIn(this.#seen.plan).filter((each) => each.cluster === cluster).length
    const out = this.#seen.observations.ejections.filter((each) => each.cluster === cluster && isOut(each, start)).length
    const percent = detection.max_ejection_percent ?? MAX_EJECTION_PERCENT
    return out < hosts && !(detection.always_eject_one_host === true && out === 0) && (100 * (out + 1)) / hosts > percent
  }
}

const isOut = ({ from, to }: Ejection, ms: number) => from <= ms && ms < to
