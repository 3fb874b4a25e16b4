import { unreachable } from '../errors.ts'
import { isOneOf } from '../fault/attempts.ts'
import { effectOf, isAtDoor, isRouted, isTied, makingOf } from '../fault/registry.ts'
import type { PlannedFault } from '../plan/plan.ts'
import type { Chance, TryOutcome } from './outcome.ts'
import { type Answer, answerOf } from './retry.ts'
import { holdTimes } from './service.ts'
import { toldOf } from './told.ts'

/** What one try at a cluster meets. */
export interface Upstream {
  /** The faults that it may meet, by replicas that meet the same ones; the shares add up to 1. */
  groups: readonly { share: number; faults: readonly PlannedFault[] }[]
  service: readonly Chance[]
  answer: Answer
  /** What comes to it are gRPC calls. */
  grpc: boolean
  /** Of its answers. */
  bodyBytes: number
}

export interface TryPolicy {
  /** Ms; 0: no limit. The stub answers in one piece, so that the longest silence of a try is such a limit too. */
  perTryTimeout: number
  retriesCut: boolean
  /** Whether a try is made again whose connection did not come about. */
  retriesConnecting: boolean
  /** Ms that connecting may take. */
  connectTimeout: number
  retriesAnswer(answer: Answer): boolean
}

/** What the faults that a try meets do together. */
interface State {
  chance: number
  delay: number
  abort: Answer | null
  hangs: boolean
  /** Its connection ends when it should be answered. */
  resets: boolean
  /** Ms after which it is known that no connection comes about; null where one does. */
  unconnectedMs: number | null
  /** The work takes so many times as long. */
  factor: number
  breaks: boolean
  /** From its headers to the whole answer, in ms. */
  trickleMs: number
  /** The id of the fault whose route the hop chose for it. */
  route: string | null
}

/**
 * All ways that one try can end.
 *
 * Each fault is drawn on its own; those of a hop act in the order of the scenario, filters before what the stub makes: a
 * delay is waited for, then the next is met; an abort answers at once. A try that outlasts per_try_timeout ends there, as a
 * 504, unless its answer has begun.
 * @param overheadMs - what the machine adds to a try: Envoy's two hops, sockets, timers
 * @param n - which try of its request: not all of them may meet the same faults
 */
export function tryOutcomes(upstream: Upstream, policy: TryPolicy, overheadMs: number, n = 1): TryOutcome[] {
  const merged = new Map<string, TryOutcome>()
  const add = (outcome: TryOutcome) => {
    const key = `${outcome.ms.toFixed(1)} ${outcome.status} ${outcome.cut} ${outcome.atStub} ${outcome.retried} ${outcome.begunMs?.toFixed(1)}`
    const known = merged.get(key)
    if (known === undefined) merged.set(key, { ...outcome })
    else known.chance += outcome.chance
  }
  for (const { share, faults } of upstream.groups)
    for (const state of statesOf(metBy(n, faults), upstream, policy.connectTimeout))
      for (const { chance, ms } of worked(state, upstream.service))
        add({ ...ended(state, state.delay + ms + overheadMs, upstream, policy), chance: share * state.chance * chance })
  return [...merged.values()].filter(({ chance }) => chance > 0)
}

const metBy = (n: number, faults: readonly PlannedFault[]) => faults.filter(({ attempts }) => isOneOf(attempts, n))

/** How long the upstream is at work on those first tries that come to it; most tries are first ones. */
export function workOn(upstream: Upstream): Chance[] {
  return upstream.groups.flatMap(({ share, faults }) =>
    statesOf(metBy(1, faults), upstream)
      .filter(({ abort, unconnectedMs }) => abort === null && unconnectedMs === null)
      .flatMap((state) =>
        worked({ ...state, hangs: false }, upstream.service).map(({ chance, ms }) => ({ chance: share * state.chance * chance, ms })),
      ),
  )
}

/** How long the upstream is at work on it. */
function worked({ abort, unconnectedMs, hangs, factor }: State, service: readonly Chance[]): readonly Chance[] {
  if (abort !== null || unconnectedMs !== null) return [{ chance: 1, ms: 0 }]
  if (hangs) return [{ chance: 1, ms: Number.POSITIVE_INFINITY }]
  return factor === 1 ? service : service.map(({ chance, ms }) => ({ chance, ms: ms * factor }))
}

/** @param begunMs - when its answer would begin */
function ended(state: State, begunMs: number, upstream: Upstream, policy: TryPolicy): Omit<TryOutcome, 'chance'> {
  const { delay, abort, breaks, trickleMs } = state
  const { unconnectedMs, resets } = state
  // per_try_timeout begins when there is a connection.
  if (unconnectedMs !== null)
    return { ms: begunMs + unconnectedMs, status: toldOf(upstream.grpc, 503), cut: false, retried: policy.retriesConnecting, atStub: false }
  const limit = policy.perTryTimeout
  if (limit > 0 && begunMs > limit)
    return { ms: limit, status: toldOf(upstream.grpc, 504), cut: true, retried: policy.retriesCut, atStub: abort === null && delay < limit }
  if (resets && abort === null && Number.isFinite(begunMs))
    return { ms: begunMs, status: toldOf(upstream.grpc, 503), cut: false, retried: policy.retriesCut, atStub: true }
  const answer = abort ?? upstream.answer
  // What is never answered is not tried again: nothing ends it but what ends the request.
  const retried = Number.isFinite(begunMs) && policy.retriesAnswer(answer)
  const whole = { ms: begunMs, status: answer.status, cut: false, retried, atStub: abort === null }
  // An answer that is tried again is given up at its headers.
  if (abort !== null || retried || (!breaks && trickleMs === 0)) return whole
  return breaks ? { ...whole, status: null, begunMs } : { ...whole, ms: begunMs + trickleMs, begunMs }
}

/** The ways that each try of a request can end, from the first on; those after the last of the list end like that one. */
export type Tries = readonly (readonly TryOutcome[])[]

/** @see tryOutcomes */
export function triesAt(upstream: Upstream, policy: TryPolicy, overheadMs: number): Tries {
  const faults = upstream.groups.flatMap((group) => group.faults)
  // Up to the last try that some fault begins or ends with; after it all are alike.
  const last = Math.max(
    0,
    ...faults.flatMap(({ attempts }) => (attempts === null ? [] : [attempts.to, attempts.from - 1].filter(Number.isFinite))),
  )
  return Array.from({ length: last + 1 }, (_, i) => tryOutcomes(upstream, policy, overheadMs, i + 1))
}

export const nthTry = (tries: Tries, n: number): readonly TryOutcome[] => tries[Math.min(n, tries.length) - 1] as readonly TryOutcome[]

const UNTOUCHED: State = {
  chance: 1,
  delay: 0,
  abort: null,
  hangs: false,
  resets: false,
  unconnectedMs: null,
  factor: 1,
  breaks: false,
  trickleMs: 0,
  route: null,
}

/**
 * What the faults of a hop, and of the door before it, do together: the door comes first; then a route is taken, by one draw;
 * then the filters act, and then what is behind the route.
 */
export function statesOf(faults: readonly PlannedFault[], at: Pick<Upstream, 'grpc' | 'bodyBytes'>, connectTimeout = 0): State[] {
  const routed = faults.filter(({ action }) => isRouted(action))
  const met = (state: State, fault: PlannedFault) => meeting(state, fault, at, connectTimeout)
  let states: State[] = [UNTOUCHED]
  // Without a connection nothing more is met, and after an abort neither.
  const each = (ways: (state: State) => State[]) => {
    states = merged(states.flatMap((state) => (state.abort !== null || state.unconnectedMs !== null ? [state] : ways(state))))
  }
  for (const fault of faults) if (isAtDoor(fault.action)) each((state) => split(state, fault, (hit) => met(hit, fault)))
  for (const fault of routed)
    each((state) => (state.route === null ? split(state, fault, (taken) => [{ ...taken, route: fault.id }]) : [state]))
  for (const fault of faults) {
    if (makingOf(fault.action).by !== 'filter') continue
    each((state) => {
      if (!isTied(fault.action)) return split(state, fault, (hit) => met(hit, fault))
      return state.route === fault.id ? met(state, fault) : [state]
    })
  }
  for (const fault of routed) {
    if (makingOf(fault.action).by === 'filter') continue
    each((state) => (state.route === fault.id ? met(state, fault) : [state]))
  }
  return merged(states.map((state) => ({ ...state, route: null })))
}

/** Those that are spared by a fault, and those that are not. */
function split(state: State, { percent }: PlannedFault, met: (state: State) => State[]): State[] {
  const share = percent / 100
  const spared = share < 1 ? [{ ...state, chance: state.chance * (1 - share) }] : []
  return [...spared, ...met({ ...state, chance: state.chance * share })]
}

/** Equal ones as one. */
function merged(states: readonly State[]): State[] {
  const known = new Map<string, State>()
  for (const state of states) {
    const key = Object.values({ ...state, chance: 0, abort: state.abort?.status }).join(' ')
    known.set(key, { ...state, chance: (known.get(key)?.chance ?? 0) + state.chance })
  }
  return [...known.values()]
}

/** The state of those that meet a fault; several where that draws. */
function meeting(
  state: State,
  fault: PlannedFault,
  { grpc, bodyBytes }: Pick<Upstream, 'grpc' | 'bodyBytes'>,
  connectTimeout: number,
): State[] {
  const effect = effectOf(fault.action)
  switch (effect.does) {
    case 'hold':
      return holdTimes(effect.time).map(({ chance, ms }) => ({ ...state, chance: state.chance * chance, delay: state.delay + ms }))
    case 'answer':
      return [
        {
          ...state,
          delay: state.delay + effect.afterMs,
          abort: 'grpc' in effect ? abortOf(grpc, effect.grpc) : answerOf(toldOf(grpc, effect.status)),
        },
      ]
    case 'hang':
      return [{ ...state, hangs: true }]
    case 'reset':
      return [{ ...state, resets: true }]
    case 'refuse':
      return [{ ...state, unconnectedMs: 0 }]
    case 'strand':
      return [{ ...state, unconnectedMs: connectTimeout }]
    case 'slow':
      return [{ ...state, factor: effect.factor }]
    case 'break':
      return [{ ...state, breaks: true }]
    case 'trickle':
      return [{ ...state, trickleMs: effect.ms(bodyBytes) }]
    default:
      return unreachable(effect)
  }
}

/** What is no gRPC call gets a plain 200. */
const abortOf = (grpc: boolean, status: number): Answer => answerOf(grpc ? status : 200)
