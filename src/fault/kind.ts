import type { z } from 'zod'

/**
 * One kind of fault that Envoy's HTTP fault filter makes. A kind is one file: its place in the scenario, its piece of
 * the filter's configuration, and where the evidence of it stands.
 */
export interface FaultKind<Schema extends z.ZodType> {
  /** The key in a scenario's fault: `delay: 400ms`. */
  key: string
  schema: Schema
  /**
   * The filter's own part, asleep (0 %) until the runtime key says otherwise.
   * @param percentKey - the runtime key that holds the percentage in force
   */
  filter(value: z.output<Schema>, percentKey: string): Record<string, unknown>
  /** Envoy's response flag on the hop's access log. */
  flag: 'DI' | 'FI'
  /** The counter under `http.<stat_prefix>.fault.`; all filters of one listener share it. */
  counter: 'delays_injected' | 'aborts_injected'
  /** For messages: `delay 400ms`. */
  describe(value: z.output<Schema>): string
}
