import type { StatsSnapshot } from '../envoy/stats.ts'
import { gained } from '../envoy/stats.ts'
import type { ClientLog } from '../load/client-log.ts'
import { clustersIn, isStraight, type Plan } from '../plan/plan.ts'
import { callsAstray, isAstray } from './astray.ts'
import type { Chunks } from './bytes.ts'
import { readCalls } from './calls.ts'
import { countersIn } from './counters.ts'
import { closedDoors } from './doors.ts'
import { ejectionsContradict, ejectionsIn } from './ejections.ts'
import { weighFaults } from './evidence.ts'
import { joinRecords } from './join.ts'
import { beatSteps, betweenSteps, envoySteps, generatorSteps, Lag, stallsIn, stubSteps } from './lag.ts'
import { Lengths } from './lengths.ts'
import type { Observations, PhaseObservation } from './observations.ts'
import { PackedRecords } from './packed-records.ts'
import { type EgressLine, type LogLines, parseLogs } from './parse-logs.ts'
import type { Records } from './records.ts'
import { Soundness } from './sound.ts'
import type { PhaseTimes } from './timeline.ts'
import { Unheeded } from './unheeded.ts'

/** What a run left behind, before it is put together. */
export interface RawEvidence {
  client: ClientLog
  phases: readonly PhaseTimes[]
  last: StatsSnapshot
  /** Where what is put together goes; left out: memory. */
  records?: Chunks
  logs: {
    /**
     * The logs, in lots that can be gone through more than once. All lines of one request id are in one lot,
     * and those that are not of the load come first; the others in the order of its requests.
     */
    lots: Iterable<LogLines>
    /** What outlier detection did. */
    outlier: string
    /** Lines the stubs say they wrote. */
    journalLines: number
  }
}

/** Puts the evidence of all sources together, and says where they contradict each other. */
export function observe(plan: Plan, raw: RawEvidence): Observations {
  const sound = new Soundness(plan)
  const astray: EgressLine[] = []
  const unheeded = new Unheeded(plan)
  const closed = closedDoors(plan, raw.phases, raw.client.startedAt)
  let walked = 0
  const lots = {
    *[Symbol.iterator]() {
      const isFirst = walked++ === 0
      for (const lines of raw.logs.lots) {
        const logs = parseLogs(lines)
        if (isFirst) {
          sound.add(logs)
          astray.push(...logs.egress.filter(isAstray))
          unheeded.add(logs.egress)
        }
        yield readCalls(logs, raw.client.startedAt, plan, closed)
      }
    },
  }
  const packed = new PackedRecords(raw.client.count, raw.records)
  const foreign = joinRecords(plan, raw.client, raw.phases, lots, (record) => packed.push(record))
  const records = packed.all
  const ejections = ejectionsIn(raw.logs.outlier, raw.client.startedAt)
  return {
    records,
    foreignCalls: foreign.length,
    phases: observePhases(plan, raw.phases, records),
    faults: weighFaults(plan, { records, foreign }, raw.phases, closed),
    ejections,
    counters: countersIn(raw.phases, raw.last),
    unsound: [...sound.told(records, raw), ...ejectionsContradict(plan, ejections, raw.last)],
    notes: [...callsAstray(plan, astray), ...unheeded.told()],
  }
}

/** What each phase was like, in one walk through the records. */
function observePhases(plan: Plan, phases: readonly PhaseTimes[], records: Records): PhaseObservation[] {
  const lags = phases.map(() => ({
    ...{ generator: new Lag(), pulse: new Lag(), envoy: new Lag(), stub: new Lag(), between: new Lag() },
    calls: new Lengths(),
  }))
  const straight = isStraight(plan)
  for (const record of records) {
    const lag = lags[record.phase]
    lag?.generator.add(generatorSteps(record))
    lag?.envoy.add(envoySteps(record, straight))
    lag?.stub.add(stubSteps(record))
    lag?.between.add(betweenSteps(record))
    for (const { egress } of record.calls) lag?.calls.add(egress.durationMs)
  }
  const clusters = clustersIn(plan)
  return phases.map((times, index) => {
    const { generator, pulse, envoy, stub, between, calls } = lags[index] as (typeof lags)[number]
    const gainedBy = (name: string) =>
      Object.fromEntries(clusters.map((cluster) => [cluster, gained(times.before, times.after, `cluster.${cluster}.${name}`)]))
    generator.add(times.lateness.sends)
    pulse.add(beatSteps(times))
    return {
      name: plan.phases[index]?.name ?? '',
      from: times.from,
      to: times.to,
      complete: times.complete,
      applied: times.applied,
      lateness: worse(generator.tail, pulse.tail),
      envoyLag: envoy.tail,
      stubLag: stub.tail,
      stalls: stallsIn([...generator.long, ...pulse.long, ...envoy.long, ...stub.long, ...between.long], calls.quantile(0.5)),
      ejections: gainedBy('outlier_detection.ejections_enforced_total'),
      connectionOverflows: gainedBy('upstream_cx_overflow'),
    }
  })
}

type Tail = PhaseObservation['lateness']

const worse = (one: Tail, other: Tail): Tail => ({ p99: Math.max(one.p99, other.p99), max: Math.max(one.max, other.max) })
