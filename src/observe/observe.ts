import type { StatsSnapshot } from '../envoy/stats.ts'
import { gained } from '../envoy/stats.ts'
import type { ClientLog } from '../load/client-log.ts'
import type { Plan } from '../plan/plan.ts'
import { weighFaults } from './evidence.ts'
import { joinRecords } from './join.ts'
import type { Observations, PhaseObservation } from './observations.ts'
import { type Logs, parseLogs } from './parse-logs.ts'
import type { RequestRecord } from './record.ts'
import { findUnsound } from './sound.ts'
import type { PhaseTimes } from './timeline.ts'

/** What a run left behind, before it is put together. */
export interface RawEvidence {
  client: ClientLog
  phases: readonly PhaseTimes[]
  last: StatsSnapshot
  logs: { egress: string; attempts: string; hop: string; journal: string; journalLines: number }
}

/** Puts the evidence of all sources together, and says where they contradict each other. */
export function observe(plan: Plan, raw: RawEvidence): Observations {
  const logs = parseLogs(raw.logs)
  const records = joinRecords(plan, raw.client, raw.phases, logs)
  return {
    records,
    phases: raw.phases.map((times, index) => observePhase(plan, times, index, records, logs, raw.client.startedAt)),
    faults: weighFaults(plan, records, raw.phases),
    unsound: findUnsound(plan, records, logs, raw),
  }
}

function observePhase(
  plan: Plan,
  times: PhaseTimes,
  index: number,
  records: readonly RequestRecord[],
  logs: Logs,
  startedAt: number,
): PhaseObservation {
  const lateness = records.filter((record) => record.phase === index).map((record) => record.sent - record.due)
  const stubLag = logs.journal.flatMap((line) =>
    line.answered !== null && line.due - startedAt >= times.from && line.due - startedAt < times.to ? [line.answered - line.due] : [],
  )
  const clusters = [...new Set(plan.stubs.servers.map((server) => server.cluster))]
  return {
    name: plan.phases[index]?.name ?? '',
    from: times.from,
    to: times.to,
    complete: times.complete,
    applied: times.applied,
    lateness: worst(lateness),
    stubLag: worst(stubLag),
    ejections: Object.fromEntries(
      clusters.map((cluster) => [
        cluster,
        gained(times.before, times.after, `cluster.${cluster}.outlier_detection.ejections_enforced_total`),
      ]),
    ),
  }
}

function worst(values: number[]): { p99: number; max: number } {
  if (values.length === 0) return { p99: 0, max: 0 }
  values.sort((a, b) => a - b)
  return { p99: values[Math.ceil(values.length * 0.99) - 1] as number, max: values.at(-1) as number }
}
