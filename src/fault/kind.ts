import type { z } from 'zod'
import type { DoorFault } from './door-fault.ts'
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
  /** Why what met it could not be hurt by it, as a relative clause; undefined where it could. Left out: everything can. */
  missed?(value: z.output<Schema>, seen: Seen): string | undefined
  /** How many bytes of body an answer must have for it to be seen. Left out: it needs none. */
  leastBody?(value: z.output<Schema>): number
  /** For messages: `delay 400ms`. */
  describe(value: z.output<Schema>): string
  /** As a scenario has it, for the reference: `delay: 400ms`. */
  examples: readonly string[]
  /** What Envoy's policy makes of it where it is met behind the router, for the reference. */
  seenAs: string
}

export type Making = FilterMaking | RouteMaking | StubMaking | DoorMaking

/** By Envoy's HTTP fault filter, at the hop or before the router. */
export interface FilterMaking {
  by: 'filter'
  /** What the filter does to those who meet it: without percentages. */
  does: FilterParts
}

/** The parts of Envoy's filter, a delay before an abort. It draws for each by itself. */
export type FilterParts = { [Part in FilterPart]?: Readonly<Record<string, unknown>> }

export type FilterPart = 'delay' | 'abort'

/** The counter of a part under `http.<stat_prefix>.fault.`; all filters of one listener share it. */
export const FILTER_COUNTERS = { delay: 'delays_injected', abort: 'aborts_injected' } as const satisfies Record<FilterPart, string>

/** By Envoy's HTTP fault filter at the hop, for those whom the hop sends on by the route of the fault. */
export interface RouteMaking {
  by: 'route'
  /** What the filter does on that route. */
  filter: Record<string, unknown>
}

/** By the stub, for those whom the hop sends on by the route of the fault: Envoy has no filter for it. */
export interface StubMaking {
  by: 'stub'
  behaviour: StubFault
}

/** By the door before the hop, for all who want to connect to the replica: no request is known there yet. */
export interface DoorMaking {
  by: 'door'
  behaviour: DoorFault
}

/** What was seen of one occasion for a fault by those that do not make it; times in ms. */
export interface Seen {
  /** The next station got it: the stub, the router, or that of the hop where there is a container behind it. */
  passed: boolean
  /** It ended without a whole answer of the next station's: a timeout cut it, or its caller left. */
  cut: boolean
  /** Its answer had begun, and was broken off by the other side. */
  brokeOff: boolean
  /** 0 where no answer began. */
  status: number
  /** How it ended as a gRPC call; null where it is none, or no answer began. */
  grpc: number | null
  /** Until the next station saw it, by that station's own log, or until its end; without the wait for a connection. */
  lagMs: number
  /** All of it, by Envoy's log; without the wait for a connection. */
  tookMs: number
  /** From when the stub says that it answered until its end by Envoy's log; null where there is no such answer. */
  bodyMs: number | null
  /** How long the stub says that it held it, and worked on it; null where it never came to that. */
  heldMs: number | null
  workMs: number | null
  /** Of the stub's answers. */
  bodyBytes: number
}
