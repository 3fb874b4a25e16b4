import { commandOf, urlVariable } from '../scenario/check-app.ts'
import type { Scenario } from '../scenario/scenario.ts'
import type { Ms } from '../units.ts'
import { readyBy, readyWithin, sourceOf } from './containers.ts'
import { LOOPBACK_HOSTS, type PlannedApp } from './plan.ts'

/** The app with all that it is told: its port and the address of each cluster, and what the scenario adds or says otherwise. */
export function planApp({ app, upstreams, load }: Scenario): PlannedApp | undefined {
  if (app === undefined) return undefined
  const urls = Object.keys(upstreams).map((name) => [urlVariable(name), `\${clusters.${name}.url}`])
  const container = sourceOf(app)
  return {
    container,
    command: commandOf(app),
    env: { PORT: `\${app.port}`, ...Object.fromEntries(urls), ...(app.proxy ? proxy(container !== undefined) : {}), ...app.env },
    port: app.port,
    runWithin: app.run === undefined ? undefined : (load.deadline as Ms),
    ready: readyBy(app.ready),
    readyWithin: readyWithin(app.ready),
    idHeader: app.id_header,
  }
}

/**
 * Clients read either spelling. What runs beside the app is no matter of the proxy: not its own database, and not the
 * ports of the clusters, which are at Envoy's own address in a container.
 */
function proxy(inContainer: boolean): Record<string, string> {
  const direct = inContainer ? `${LOOPBACK_HOSTS},\${envoy.host}` : LOOPBACK_HOSTS
  return {
    HTTP_PROXY: `\${envoy.url}`,
    http_proxy: `\${envoy.url}`,
    NO_PROXY: direct,
    no_proxy: direct,
    // Node's own clients look at the others only then.
    NODE_USE_ENV_PROXY: '1',
  }
}
