import { isContainer } from '../scenario/containers.ts'
import { DEFAULT_READY_WITHIN_MS } from '../scenario/limits.ts'
import { fillIn } from '../scenario/placeholders.ts'
import type { Scenario } from '../scenario/scenario.ts'
import type { Ms } from '../units.ts'
import type { ContainerSource, PlannedContainer, Readiness } from './plan.ts'

/** One container per replica of each upstream that is a real server. */
export function planContainers({ upstreams }: Scenario): PlannedContainer[] {
  return Object.entries(upstreams).flatMap(([cluster, upstream]) => {
    const source = sourceOf(upstream)
    if (source === undefined || upstream.port === undefined) return []
    const { replicas, command = [], env = {}, port, ready } = upstream
    const container = {
      cluster,
      source,
      command: command.map(asWritten),
      env: { PORT: String(port), ...Object.fromEntries(Object.entries(env).map(([name, value]) => [name, asWritten(value)])) },
      port,
      ready: readyBy(ready),
      readyWithin: readyWithin(ready),
    }
    return Array.from({ length: replicas }, (_, i) => ({ ...container, replica: i + 1 }))
  })
}

/** It is told no addresses, so that `$${` is all that there can be to fill in. */
const asWritten = (text: string) => fillIn(text, (name) => `\${${name}}`)

/** What an upstream or an app is made of; undefined for a stub and for a program of this machine. */
export function sourceOf(made: Pick<Scenario['upstreams'][string], 'image' | 'build'>): ContainerSource | undefined {
  if (!isContainer(made)) return undefined
  const { image, build } = made
  if (image !== undefined) return { image }
  const { context, dockerfile = DOCKERFILE, args = {} } = typeof build === 'object' ? build : { context: build ?? '.' }
  return { context, dockerfile, args }
}

/** The file below `logs` that keeps what a container says. */
export const containerLog = ({ cluster, replica }: Pick<PlannedContainer, 'cluster' | 'replica'>) => `${cluster}-${replica}.log`

/** As Docker itself looks for it. */
export const DOCKERFILE = 'Dockerfile'

type Ready = NonNullable<Scenario['app']>['ready']

export function readyBy({ http, log }: NonNullable<Ready> = {}): Readiness {
  if (http !== undefined) return { by: 'http', path: http }
  return log === undefined ? { by: 'port' } : { by: 'log', text: log }
}

export const readyWithin = (ready: Ready): Ms => ready?.within ?? (DEFAULT_READY_WITHIN_MS as Ms)
