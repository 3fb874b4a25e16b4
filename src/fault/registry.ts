import { abort } from './abort.ts'
import { delay } from './delay.ts'

/** Every kind of fault, by its key in the scenario. The schema and the Envoy configuration are built from this. */
export const FAULT_KINDS = { delay, abort } as const

export type FaultKindName = keyof typeof FAULT_KINDS
export const FAULT_KIND_NAMES = Object.keys(FAULT_KINDS) as FaultKindName[]

/** What a fault does, as one value: the kind and its setting. */
export type FaultAction = { kind: 'delay'; value: number } | { kind: 'abort'; value: number }

export function describeAction(action: FaultAction): string {
  return action.kind === 'delay' ? delay.describe(action.value as never) : abort.describe(action.value)
}
