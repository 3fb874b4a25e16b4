import type { z } from 'zod'
import { abort } from './abort.ts'
import { delay } from './delay.ts'
import { delayThenAbort } from './delay-then-abort.ts'
import { down } from './down.ts'
import type { Effect } from './effect.ts'
import { hang } from './hang.ts'
import type { FaultKind, Making, Seen } from './kind.ts'
import { rateLimit } from './rate-limit.ts'
import { refuse } from './refuse.ts'
import { reset } from './reset.ts'
import { slow } from './slow.ts'
import { slowBody } from './slow-body.ts'
import { truncate } from './truncate.ts'
import { unreachable } from './unreachable.ts'

/** Every kind of fault, by its key in the scenario. All that differs between kinds comes from here. */
export const FAULT_KINDS = {
  delay,
  abort,
  hang,
  slow,
  slow_body: slowBody,
  truncate,
  rate_limit: rateLimit,
  reset,
  refuse,
  unreachable,
  down,
} as const

export type FaultKindName = keyof typeof FAULT_KINDS
export const FAULT_KIND_NAMES = Object.keys(FAULT_KINDS) as FaultKindName[]

/** The settings of a scenario's fault by kind: one of them is given. */
export type FaultSettings = { [Kind in FaultKindName]: z.output<(typeof FAULT_KINDS)[Kind]['schema']> }

/** The kinds, and what two of them do together to the same requests. */
const ALL_KINDS = { ...FAULT_KINDS, 'delay+abort': delayThenAbort } as const

type AnyKind = keyof typeof ALL_KINDS

/** What a fault does, as one value: the kind and its setting. */
export type FaultAction = { [Kind in AnyKind]: { kind: Kind; value: Plain<z.output<(typeof ALL_KINDS)[Kind]['schema']>> } }[AnyKind]

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
  const { delay, abort } = fault
  if (typeof delay === 'number' && abort !== undefined) return { kind: 'delay+abort', value: { delay, abort } }
  const kind = FAULT_KIND_NAMES.find((candidate) => fault[candidate] !== undefined)
  return kind && ({ kind, value: fault[kind] } as FaultAction)
}

/** For the reference. */
export const describedKinds = () => Object.values(ALL_KINDS).map(({ key, examples, seenAs }) => ({ name: key, examples, seenAs }))

/** Those that it is made of, by their keys in the scenario. */
export const kindsIn = ({ kind }: FaultAction): FaultKindName[] => (kind === 'delay+abort' ? ['delay', 'abort'] : [kind])

/** Kind and value of an action belong together, which TypeScript cannot follow. */
const kindOf = ({ kind }: FaultAction) => ALL_KINDS[kind] as unknown as FaultKind<z.ZodType<unknown>>

export const describeAction = (action: FaultAction): string => kindOf(action).describe(action.value)
export const makingOf = (action: FaultAction): Making => kindOf(action).make(action.value)
/** Whether the hop chooses who meets it by a route of its own: whatever no filter draws for, and is about a request. */
export const isRouted = (action: FaultAction): boolean =>
  makingOf(action).by === 'stub' || makingOf(action).by === 'route' || isTied(action)
/**
 * Whether a filter does two things to the same requests. It would draw for each by itself, and again for the second when
 * its phase may be over; so a route draws for both, and on that route the filter spares nobody.
 */
export function isTied(action: FaultAction): boolean {
  const making = makingOf(action)
  return making.by === 'filter' && Object.keys(making.does).length > 1
}
/** Whether it hits a replica as a whole, before there is any request. */
export const isAtDoor = (action: FaultAction): boolean => makingOf(action).by === 'door'
/** Whether it takes a door before the hop. */
export function needsDoor(action: FaultAction): boolean {
  const making = makingOf(action)
  return making.by === 'door' || (making.by === 'stub' && making.behaviour.kind === 'reset')
}
export const effectOf = (action: FaultAction): Effect => kindOf(action).effect(action.value)
export const showsAction = (action: FaultAction, seen: Seen): boolean => kindOf(action).shows(action.value, seen)
export const missedBy = (action: FaultAction, seen: Seen): string | undefined => kindOf(action).missed?.(action.value, seen)
/** How long a body must be for it to be seen; 0: it needs none. */
export const leastBody = (action: FaultAction): number => kindOf(action).leastBody?.(action.value) ?? 0
export const takesTime = (action: FaultAction): boolean => kindOf(action).takesTime
