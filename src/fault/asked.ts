import type { FaultAction } from './registry.ts'

/** How a caller asks for a fault by itself, and the filter that heeds it. */
export interface Asked {
  /** In lower case. */
  header: string
  value: string
  /** Asleep (0 %) until the runtime key says otherwise, which counts before a percentage that the caller asks for. */
  filter(percentKey: string): Record<string, unknown>
}

/**
 * Undefined for what no caller can ask of Envoy.
 * @see Envoy `extensions.filters.http.fault.v3.FaultAbort.HeaderAbort`, `extensions.filters.common.fault.v3.FaultDelay.HeaderDelay`
 */
export function askedOf({ kind, value }: FaultAction): Asked | undefined {
  const asleep = { percentage: { numerator: 0 } }
  switch (kind) {
    case 'abort':
      return {
        header: 'x-envoy-fault-abort-request',
        value: String(value),
        filter: (percentKey) => ({ abort: { header_abort: {}, ...asleep }, abort_percent_runtime: percentKey }),
      }
    case 'delay':
      // Envoy reads whole milliseconds.
      return Number.isInteger(value)
        ? {
            header: 'x-envoy-fault-delay-request',
            value: String(value),
            filter: (percentKey) => ({ delay: { header_delay: {}, ...asleep }, delay_percent_runtime: percentKey }),
          }
        : undefined
    default:
      return undefined
  }
}
