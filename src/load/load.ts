import type { ClientLog } from './client-log.ts'
import type { LoadRun } from './load-run.ts'
import { openLoop } from './open-loop.ts'

/** Plays the load of a plan. @returns when every request that was sent has ended */
export function playLoad(run: LoadRun): Promise<ClientLog> {
  const { load } = run.plan
  switch (load.kind) {
    case 'open':
      return openLoop(run, load)
    case 'closed':
      throw new Error('no scenario asks for a closed loop yet')
  }
}
