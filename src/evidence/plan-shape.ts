import type { Plan } from '../plan/plan.ts'

/**
 * What the logs of a run refer to: its phases, faults, requests and replicas by their names and places. A version of
 * chaos that plans the same scenario into another shape would misread them.
 */
export function planShape({ phases, faults, requests, stubs, containers }: Plan): string {
  return JSON.stringify({
    phases: phases.map(({ name, from, to, faults }) => [name, from, to, faults]),
    faults: faults.map(({ id, cluster, replicas, at, action, percent, when, attempts, chosen }) => [
      id,
      cluster,
      replicas,
      at,
      action,
      percent,
      when.map(({ name, op }) => (op === 'exact' ? name : `${op} ${name}`)),
      ...(attempts === null ? [] : [attempts.source]),
      ...(chosen === null ? [] : [chosen.source]),
    ]),
    requests: requests.map(({ method, path, headers }) => [method, path, Object.keys(headers)]),
    stubs: stubs.servers.map(({ cluster, replica, workers }) => [cluster, replica, workers ?? null]),
    ...(containers.length === 0 ? {} : { containers: containers.map(({ cluster, replica }) => [cluster, replica]) }),
  })
}
