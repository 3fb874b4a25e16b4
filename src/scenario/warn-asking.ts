import { askedOf } from '../fault/asked.ts'
import { actionOf } from '../fault/registry.ts'
import { grpcName } from '../value/grpc-status.ts'
import { listed, show } from '../value/show.ts'
import { requestsThatMeet } from './check-faults.ts'
import type { Finding } from './finding.ts'
import { requestsOf } from './routing.ts'
import type { ScenarioDocument } from './schema.ts'

/** Headers by which callers ask Envoy for faults. */
const PREFIX = 'x-envoy-fault-'
/** What stands in the scenario for those of them that a fault can be asked for with; `value` is that of the header. */
const FAULT_FOR: Record<string, (value: string) => string | undefined> = {
  'x-envoy-fault-abort-request': (value) => (/^[2-5]\d\d$/.test(value) ? `abort: ${value}` : undefined),
  'x-envoy-fault-abort-grpc-request': (value) =>
    /^(\d|1[0-6])$/.test(value) ? `abort: { grpc_status: ${grpcName(Number(value))} }` : undefined,
  'x-envoy-fault-delay-request': (value) => (/^[1-9]\d*$/.test(value) ? `delay: ${value}ms` : undefined),
}

/** Requests that ask for a fault which no filter heeds: Envoy passes such headers on in silence. */
export function unheededRequests(scenario: ScenarioDocument): Finding[] {
  const heeded = scenario.phases.flatMap(({ faults }) =>
    faults.flatMap((fault) => {
      const action = actionOf(fault)
      const asked = fault.by === undefined || action === undefined ? undefined : askedOf(action)
      return Object.entries(asked?.headers ?? {}).map(([header, value]) => ({ header, value, by: requestsThatMeet(scenario, fault) }))
    }),
  )
  return requestsOf(scenario).flatMap((request, index) =>
    Object.entries(request.headers).flatMap(([name, value]): Finding[] => {
      if (!name.startsWith(PREFIX)) return []
      const alike = heeded.filter(({ header }) => header === name)
      if (alike.some((asked) => asked.value === value && asked.by.includes(request))) return []
      const others = [...new Set(alike.map((asked) => asked.value))]
      const kind = FAULT_FOR[name]?.(value)
      const why = others.length === 0 || others.includes(value) ? '' : `, those that there are take ${listed(others)}`
      return [
        {
          path: ['load', 'requests', index, 'headers', name],
          message: `does nothing: no fault by: header takes it from this request${why}`,
          hint:
            kind === undefined
              ? `what can be asked for is ${listed(Object.keys(FAULT_FOR), 'and')}, of a fault by: header; ${show(value)} of ${name} is nothing of that`
              : `add { cluster: …, ${kind}, by: header } to the faults of a phase`,
        },
      ]
    }),
  )
}
