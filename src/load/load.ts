import type { PlannedLoad } from '../plan/plan.ts'
import { loadAutocannon } from './autocannon.ts'
import type { ClientLog } from './client-log.ts'
import { closedLoop } from './closed-loop.ts'
import type { LoadRun } from './load-run.ts'
import { openLoop } from './open-loop.ts'
import { playRuns } from './runs.ts'

/** Plays a load. @returns when every request that was sent has ended */
export type Play = (run: LoadRun) => Promise<ClientLog>

/** Makes ready what plays this load; that takes a while, so it is done before the load is to start. */
export function readyLoad(load: PlannedLoad): Play {
  switch (load.kind) {
    case 'open':
      return (run) => openLoop(run, load)
    case 'runs':
      return (run) => playRuns(run, load)
    case 'closed': {
      const autocannon = loadAutocannon()
      return (run) => closedLoop(autocannon, run, load)
    }
  }
}
