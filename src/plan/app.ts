import { commandOf, urlVariable } from '../scenario/check-app.ts'
import { DEFAULT_READY_WITHIN_MS } from '../scenario/limits.ts'
import type { Scenario } from '../scenario/scenario.ts'
import type { Ms } from '../units.ts'
import { LOOPBACK_HOSTS, type PlannedApp } from './plan.ts'

/** The app with all that it is told: its port and the address of each cluster, and what the scenario adds or says otherwise. */
export function planApp({ app, upstreams, load }: Scenario): PlannedApp | undefined {
  if (app === undefined) return undefined
  const urls = Object.keys(upstreams).map((name) => [urlVariable(name), `\${clusters.${name}.url}`])
  return {
    command: commandOf(app),
    env: { PORT: `\${app.port}`, ...Object.fromEntries(urls), ...(app.proxy ? PROXY : {}), ...app.env },
    port: app.port,
    runWithin: app.run === undefined ? undefined : (load.deadline as Ms),
    ready: readyBy(app.ready ?? {}),
    readyWithin: app.ready?.within ?? (DEFAULT_READY_WITHIN_MS as Ms),
    idHeader: app.id_header,
  }
}

/**
 * Clients read either spelling. What runs on this machine is no matter of the proxy: not the app's own database, and not
 * the ports of the clusters.
 */
const PROXY = {
  HTTP_PROXY: `\${envoy.url}`,
  http_proxy: `\${envoy.url}`,
  NO_PROXY: LOOPBACK_HOSTS,
  no_proxy: LOOPBACK_HOSTS,
  // Node's own clients look at the others only then.
  NODE_USE_ENV_PROXY: '1',
}

function readyBy({ http, log }: { http?: string | undefined; log?: string | undefined }): PlannedApp['ready'] {
  if (http !== undefined) return { by: 'http', path: http }
  return log === undefined ? { by: 'port' } : { by: 'log', text: log }
}
