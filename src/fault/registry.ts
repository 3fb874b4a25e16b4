import type { z } from 'zod'
import { abort } from './abort.ts'
import { delay } from './delay.ts'
import type { Effect } from './effect.ts'
import { hang } from './hang.ts'
import type { FaultKind, Making, Seen } from './kind.ts'
import { rateLimit } from './rate-limit.ts'
import { slow } from './slow.ts'
import { slowBody } from './slow-body.ts'
import { truncate } from './truncate.ts'

/** Every kind of fault, by its key in the scenario. All that differs between kinds comes from here. */
export const FAULT_KINDS = { delay, abort, hang, slow, slow_body: slowBody, truncate, rate_limit: rateLimit } as const

export type FaultKindName = keyof typeof FAULT_KINDS
export const FAULT_KIND_NAMES = Object.keys(FAULT_KINDS) as FaultKindName[]

/** The settings of a scenario's fault by kind: one of them is given. */
export type FaultSettings = { [Kind in FaultKindName]: z.output<(typeof FAULT_KINDS)[Kind]['schema']> }

/** What a fault does, as one value: the kind and its setting. */
export type FaultAction = { [Kind in FaultKindName]: { kind: Kind; value: Plain<FaultSettings[Kind]> } }[FaultKindName]

/** Units are in the names of the settings from here on. */
type Plain<T> = T extends number
  ? number
  : T extends readonly [unknown, unknown]
    ? [number, number]
    : T extends object
      ? { [Key in keyof T]: Plain<T[Key]> }
      : T

/** What a scenario's fault says that it does; undefined where it says nothing. */
export function actionOf(fault: { [Kind in FaultKindName]?: FaultSettings[Kind] | undefined }): FaultAction | undefined {
  const kind = FAULT_KIND_NAMES.find((candidate) => fault[candidate] !== undefined)
  return kind && ({ kind, value: fault[kind] } as FaultAction)
}

/** For the reference. */
export const describedKinds = () =>
  FAULT_KIND_NAMES.map((name) => {
    const { examples, seenAs } = FAULT_KINDS[name]
    return { name, examples, seenAs }
  })

/** Kind and value of an action belong together, which TypeScript cannot follow. */
const kindOf = ({ kind }: FaultAction) => FAULT_KINDS[kind] as unknown as FaultKind<z.ZodType<unknown>>

export const describeAction = (action: FaultAction): string => kindOf(action).describe(action.value)
export const makingOf = (action: FaultAction): Making => kindOf(action).make(action.value)
export const effectOf = (action: FaultAction): Effect => kindOf(action).effect(action.value)
export const showsAction = (action: FaultAction, seen: Seen): boolean => kindOf(action).shows(action.value, seen)
/** How long a body must be for it to be seen; 0: it needs none. */
export const leastBody = (action: FaultAction): number => kindOf(action).leastBody?.(action.value) ?? 0
export const takesTime = (action: FaultAction): boolean => kindOf(action).takesTime
