import type { z } from 'zod'
import type { Effect } from './effect.ts'
import type { StubFault } from './stub-fault.ts'

/**
 * One kind of fault. A kind is one file: its place in the scenario, where it is made and what that place needs, what it
 * does to a try, and what those see of it that do not make it.
 */
export interface FaultKind<Schema extends z.ZodType> {
  /** The key in a scenario's fault: `delay: 400ms`. */
  key: string
  schema: Schema
  make(value: z.output<Schema>): Making
  /** What it does to a try that meets it, for the arithmetic before the run. */
  effect(value: z.output<Schema>): Effect
  /**
   * Whether those that do not make it saw what it does. A stalled machine can look like what takes long, so of a kind that
   * `takesTime` only too few are a contradiction.
   */
  shows(value: z.output<Schema>, seen: Seen): boolean
  takesTime: boolean
  /** For messages: `delay 400ms`. */
  describe(value: z.output<Schema>): string
  /** As a scenario has it, for the reference: `delay: 400ms`. */
  examples: readonly string[]
  /** What Envoy's policy makes of it where it is met behind the router, for the reference. */
  seenAs: string
}

export type Making = FilterMaking | StubMaking

/** By Envoy's HTTP fault filter, at the hop or before the router. */
export interface FilterMaking {
  by: 'filter'
  /**
   * The filter's own part, asleep (0 %) until the runtime key says otherwise.
   * @param percentKey - the runtime key that holds the percentage in force
   */
  filter(percentKey: string): Record<string, unknown>
  /** The counter under `http.<stat_prefix>.fault.`; all filters of one listener share it. */
  counter: 'delays_injected' | 'aborts_injected'
}

/** By the stub, for those whom the hop sends on by the route of the fault: Envoy has no filter for it. */
export interface StubMaking {
  by: 'stub'
  behaviour: StubFault
}

/** What was seen of one occasion for a fault by those that do not make it; times in ms. */
export interface Seen {
  /** The next station got it: the stub, the router, or that of the hop where there is a container behind it. */
  passed: boolean
  /** It ended without an answer of the next station's: a timeout cut it, or its caller left. */
  cut: boolean
  /** 0 where no answer began. */
  status: number
  /** Until the next station saw it, by that station's own log, or until its end; without the wait for a connection. */
  lagMs: number
}
