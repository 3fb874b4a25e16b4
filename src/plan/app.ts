import { urlVariable } from '../scenario/check-app.ts'
import { DEFAULT_READY_WITHIN_MS } from '../scenario/limits.ts'
import type { Scenario } from '../scenario/scenario.ts'
import type { Ms } from '../units.ts'
import type { PlannedApp } from './plan.ts'

/** The app with all that it is told: its port and the address of each cluster, and what the scenario adds or says otherwise. */
export function planApp({ app, upstreams }: Scenario): PlannedApp | undefined {
  if (app === undefined) return undefined
  const urls = Object.keys(upstreams).map((name) => [urlVariable(name), `\${clusters.${name}.url}`])
  return {
    command: app.command,
    env: { PORT: `\${app.port}`, ...Object.fromEntries(urls), ...app.env },
    port: app.port,
    ready: readyBy(app.ready ?? {}),
    readyWithin: app.ready?.within ?? (DEFAULT_READY_WITHIN_MS as Ms),
  }
}

function readyBy({ http, log }: { http?: string | undefined; log?: string | undefined }): PlannedApp['ready'] {
  if (http !== undefined) return { by: 'http', path: http }
  return log === undefined ? { by: 'port' } : { by: 'log', text: log }
}
