import type { DoorFault } from '../fault/door-fault.ts'
import { makingOf, needsDoor } from '../fault/registry.ts'
import type { StubFault } from '../fault/stub-fault.ts'
import { deriveSeed } from '../random.ts'
import { DEFAULT_LATENCY_MS } from '../scenario/limits.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { stubBody } from '../scenario/stub-body.ts'
import type { Latency, ServerSpec, StubSpec } from '../upstream/spec.ts'
import type { PlannedFault } from './plan.ts'

/** One server per replica of each upstream that is a stub, each with its own stream of draws. */
export function planStubs(scenario: Scenario, faults: readonly PlannedFault[]): StubSpec {
  const servers: ServerSpec[] = []
  for (const [cluster, upstream] of Object.entries(scenario.upstreams)) {
    if (upstream.respond === undefined) continue
    const { status, headers, json } = upstream.respond
    const typed = Object.keys(headers).some((header) => header.toLowerCase() === 'content-type')
    for (let replica = 1; replica <= upstream.replicas; replica++) {
      servers.push({
        cluster,
        replica,
        port: 0,
        ...(upstream.unreachable?.includes(replica) ? { unreachable: true } : {}),
        ...(upstream.workers === undefined ? {} : { workers: upstream.workers }),
        latency: latencyOf(scenario, cluster),
        respond: {
          status,
          headers: json !== undefined && !typed ? { 'content-type': 'application/json', ...headers } : headers,
          body: stubBody(upstream.respond),
          ...(upstream.respond.grpc_status === undefined ? {} : { grpcStatus: upstream.respond.grpc_status }),
        },
        seed: deriveSeed(scenario.seed, 'service', cluster, replica),
        ...withFaults(
          faults.filter(
            (fault) => fault.cluster === cluster && fault.replicas.includes(replica) && !upstream.unreachable?.includes(replica),
          ),
        ),
      })
    }
  }
  return { host: '127.0.0.1', servers }
}

function latencyOf(scenario: Scenario, cluster: string): Latency {
  const latency = scenario.upstreams[cluster]?.latency
  if (latency === undefined) return { kind: 'fixed', ms: DEFAULT_LATENCY_MS }
  if (typeof latency === 'number') return { kind: 'fixed', ms: latency }
  if ('exponential' in latency) return { kind: 'exponential', mean: latency.exponential }
  if ('samples' in latency) return { kind: 'samples', ms: scenario.samples[cluster] ?? [] }
  return { kind: 'log-normal', p50: latency.p50, p99: latency.p99 }
}

/** What a replica has to make itself, by the ids that the hop tells it; left out where there is nothing. */
function withFaults(faults: readonly PlannedFault[]): Pick<ServerSpec, 'faults' | 'door'> {
  const made: Record<string, StubFault> = {}
  const atDoor: Record<string, DoorFault> = {}
  for (const { id, action } of faults) {
    const making = makingOf(action)
    if (making.by === 'stub') made[id] = making.behaviour
    if (making.by === 'door') atDoor[id] = making.behaviour
  }
  return {
    ...(Object.keys(made).length === 0 ? {} : { faults: made }),
    ...(faults.some(({ action }) => needsDoor(action)) ? { door: { port: 0, hop: 0, faults: atDoor } } : {}),
  }
}
