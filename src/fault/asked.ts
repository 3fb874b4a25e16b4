import type { FilterParts } from './kind.ts'
import { type FaultAction, makingOf } from './registry.ts'

/** How a caller asks for a fault by itself, and the filter that heeds it. */
export interface Asked {
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>
  /** The runtime key of the filter counts before a percentage that the caller asks for. */
  does: FilterParts
}

const ABORT = 'x-envoy-fault-abort-request'
const GRPC_ABORT = 'x-envoy-fault-abort-grpc-request'
const DELAY = 'x-envoy-fault-delay-request'

/** All by which something of Envoy's can be asked for that a fault here can be. */
export const ASKING_HEADERS = [ABORT, GRPC_ABORT, DELAY] as const

/**
 * Undefined for what no caller can ask of Envoy.
 * @see Envoy `extensions.filters.http.fault.v3.FaultAbort.HeaderAbort`, `extensions.filters.common.fault.v3.FaultDelay.HeaderDelay`
 */
export function askedOf(action: FaultAction): Asked | undefined {
  switch (action.kind) {
    case 'abort':
      return typeof action.value === 'number'
        ? { headers: { [ABORT]: String(action.value) }, does: { abort: { header_abort: {} } } }
        : { headers: { [GRPC_ABORT]: String(action.value.grpc_status) }, does: { abort: { header_abort: {} } } }
    case 'delay':
      // Envoy reads whole milliseconds.
      return makingOf(action).by === 'filter' && Number.isInteger(action.value)
        ? { headers: { [DELAY]: String(action.value) }, does: { delay: { header_delay: {} } } }
        : undefined
    case 'delay+abort': {
      const { delay, abort } = action.value
      const both = [askedOf({ kind: 'delay', value: delay }), askedOf({ kind: 'abort', value: abort })]
      return both.reduce(
        (all, part) => all && part && { headers: { ...all.headers, ...part.headers }, does: { ...all.does, ...part.does } },
      )
    }
    default:
      return undefined
  }
}
