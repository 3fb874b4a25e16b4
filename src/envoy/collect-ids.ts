import { IDS_HEADER } from '../plan/marks.ts'
import type { Plan } from '../plan/plan.ts'

/**
 * Where ids carry the marks of chosen requests: an app hands on one of several, and a fault can ask for one header alone. So all that
 * a call came with are put into one, before any fault looks at it.
 * @see Envoy `extensions.filters.http.header_mutation.v3.HeaderMutation`
 */
export function collectIds({ faults, app }: Plan) {
  if (!faults.some(({ chosen }) => chosen?.bit !== undefined)) return []
  const names = ['x-request-id', 'traceparent', ...(app?.idHeader === undefined ? [] : [app.idHeader])]
  const value = names.map((name) => `%REQ(${name.toUpperCase()})%`).join(' ')
  return [
    {
      name: 'chaos.ids',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation',
        mutations: {
          request_mutations: [{ append: { header: { key: IDS_HEADER, value }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' } }],
        },
      },
    },
  ]
}
