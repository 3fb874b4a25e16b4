import type { Bounds } from '../observe/crowd.ts'
import { countSpare } from '../observe/spare.ts'
import { boundsText } from './breakers.ts'
import type { FinishedRun } from './finished-run.ts'

type Told = Pick<FinishedRun, 'scenario' | 'plan' | 'observations'>

/** The spare rejections of each phase, by cluster. */
export function spareRejections({ scenario, plan, observations }: Told): ReadonlyMap<string, Bounds>[] {
  if (observations === null) return []
  const of = countSpare({ scenario, plan, observations })
  return observations.phases.map((_, phase) => of(phase))
}

/** What was refused for nothing, where that is sure of some: `inventory refused 60 of 60 while workers were free (bursts)`. */
export function spareSentences(run: Told): string[] {
  return spareRejections(run).flatMap((byCluster, phase) =>
    [...byCluster].flatMap(([cluster, spare]) => {
      if (spare.least === 0) return []
      return [
        `${cluster} refused ${boundsText(spare)} of ${refusals(run, phase, cluster)} while workers were free (${run.plan.phases[phase]?.name})`,
      ]
    }),
  )
}

function refusals({ observations }: Told, phase: number, cluster: string): number {
  const { records } = observations ?? { records: [] }
  return records.reduce(
    (sum, record) =>
      record.phase === phase
        ? sum + record.calls.filter(({ egress }) => egress.cluster === cluster && egress.rejectedBy !== null).length
        : sum,
    0,
  )
}
