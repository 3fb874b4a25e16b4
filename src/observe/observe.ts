import type { StatsSnapshot } from '../envoy/stats.ts'
import { gained } from '../envoy/stats.ts'
import type { ClientLog } from '../load/client-log.ts'
import { isStraight, type Plan } from '../plan/plan.ts'
import { readCalls } from './calls.ts'
import { weighFaults } from './evidence.ts'
import { joinRecords } from './join.ts'
import { envoySteps, generatorSteps, lagOf, stallsIn, stubSteps } from './lag.ts'
import type { Observations, PhaseObservation } from './observations.ts'
import { parseLogs } from './parse-logs.ts'
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
  const calls = readCalls(logs, raw.client.startedAt)
  const { records, foreign } = joinRecords(plan, raw.client, raw.phases, calls)
  return {
    records,
    foreignCalls: foreign.length,
    phases: raw.phases.map((times, index) => observePhase(plan, times, index, records)),
    faults: weighFaults(plan, { records, foreign }, raw.phases),
    unsound: findUnsound(plan, records, logs, raw),
  }
}

function observePhase(plan: Plan, times: PhaseTimes, index: number, records: readonly RequestRecord[]): PhaseObservation {
  const own = records.filter((record) => record.phase === index)
  const steps = { generator: generatorSteps(own), envoy: envoySteps(own, isStraight(plan)), stub: stubSteps(own) }
  const clusters = [...new Set(plan.stubs.servers.map((server) => server.cluster))]
  return {
    name: plan.phases[index]?.name ?? '',
    from: times.from,
    to: times.to,
    complete: times.complete,
    applied: times.applied,
    lateness: lagOf(steps.generator),
    envoyLag: lagOf(steps.envoy),
    stubLag: lagOf(steps.stub),
    stalls: stallsIn([...steps.generator, ...steps.envoy, ...steps.stub]),
    ejections: Object.fromEntries(
      clusters.map((cluster) => [
        cluster,
        gained(times.before, times.after, `cluster.${cluster}.outlier_detection.ejections_enforced_total`),
      ]),
    ),
  }
}
