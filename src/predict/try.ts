import { unreachable } from '../errors.ts'
import { isOneOf } from '../fault/attempts.ts'
import { effectOf, makingOf } from '../fault/registry.ts'
import type { PlannedFault } from '../plan/plan.ts'
import type { Chance, TryOutcome } from './outcome.ts'
import type { Answer } from './retry.ts'
import { holdTimes } from './service.ts'

/** What one try at a cluster meets. */
export interface Upstream {
  /** The faults that it may meet, by replicas that meet the same ones; the shares add up to 1. */
  groups: readonly { share: number; faults: readonly PlannedFault[] }[]
  service: readonly Chance[]
  answer: Answer
  /** Of its answers. */
  bodyBytes: number
}

export interface TryPolicy {
  /** Ms; 0: no limit. The stub answers in one piece, so that the longest silence of a try is such a limit too. */
  perTryTimeout: number
  retriesCut: boolean
  retriesAnswer(answer: Answer): boolean
}

/** What the faults that a try meets do together. */
interface State {
  chance: number
  delay: number
  abort: number | null
  hangs: boolean
  /** The work takes so many times as long. */
  factor: number
  breaks: boolean
  /** From its headers to the whole answer, in ms. */
  trickleMs: number
  /** The hop sent it on by the route of a fault. */
  isRouted: boolean
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
    for (const state of statesOf(metBy(n, faults), upstream.bodyBytes))
      for (const { chance, ms } of worked(state, upstream.service))
        add({ ...ended(state, state.delay + ms + overheadMs, upstream.answer, policy), chance: share * state.chance * chance })
  return [...merged.values()].filter(({ chance }) => chance > 0)
}

const metBy = (n: number, faults: readonly PlannedFault[]) => faults.filter(({ attempts }) => isOneOf(attempts, n))

/** How long the upstream is at work on those first tries that come to it; most tries are first ones. */
export function workOn(upstream: Upstream): Chance[] {
  return upstream.groups.flatMap(({ share, faults }) =>
    statesOf(metBy(1, faults), upstream.bodyBytes)
      .filter(({ abort }) => abort === null)
      .flatMap((state) =>
        worked({ ...state, hangs: false }, upstream.service).map(({ chance, ms }) => ({ chance: share * state.chance * chance, ms })),
      ),
  )
}

/** How long the upstream is at work on it. */
function worked({ abort, hangs, factor }: State, service: readonly Chance[]): readonly Chance[] {
  if (abort !== null) return [{ chance: 1, ms: 0 }]
  if (hangs) return [{ chance: 1, ms: Number.POSITIVE_INFINITY }]
  return factor === 1 ? service : service.map(({ chance, ms }) => ({ chance, ms: ms * factor }))
}

/** @param begunMs - when its answer would begin */
function ended(state: State, begunMs: number, served: Answer, policy: TryPolicy): Omit<TryOutcome, 'chance'> {
  const { delay, abort, breaks, trickleMs } = state
  const limit = policy.perTryTimeout
  if (limit > 0 && begunMs > limit)
    return { ms: limit, status: 504, cut: true, retried: policy.retriesCut, atStub: abort === null && delay < limit }
  const answer = abort === null ? served : { status: abort, headers: {} }
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

/** What the faults of a hop do together. */
export function statesOf(faults: readonly PlannedFault[], bodyBytes: number): State[] {
  let states: State[] = [{ chance: 1, delay: 0, abort: null, hangs: false, factor: 1, breaks: false, trickleMs: 0, isRouted: false }]
  for (const fault of faults.toSorted((a, b) => placeOf(a) - placeOf(b))) {
    const next = new Map<string, State>()
    const add = (state: State) => {
      const key = Object.values({ ...state, chance: 0 }).join(' ')
      const known = next.get(key)
      if (known === undefined) next.set(key, state)
      else next.set(key, { ...known, chance: known.chance + state.chance })
    }
    for (const state of states) {
      const share = fault.percent / 100
      // After an abort nothing more is met, and a request takes one route.
      if (state.abort !== null || state.isRouted) add(state)
      else {
        if (share < 1) add({ ...state, chance: state.chance * (1 - share) })
        for (const met of meeting(state, fault, bodyBytes)) add({ ...met, chance: met.chance * share })
      }
    }
    states = [...next.values()]
  }
  return states
}

/** The state of those that meet a fault; several where that draws. */
function meeting(before: State, fault: PlannedFault, bodyBytes: number): State[] {
  const state = { ...before, isRouted: placeOf(fault) > 0 }
  const effect = effectOf(fault.action)
  switch (effect.does) {
    case 'hold':
      return holdTimes(effect.time).map(({ chance, ms }) => ({ ...state, chance: state.chance * chance, delay: state.delay + ms }))
    case 'answer':
      return [{ ...state, abort: effect.status }]
    case 'hang':
      return [{ ...state, hangs: true }]
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

/** Filters act before the hop takes a route. */
const placeOf = ({ action }: PlannedFault) => (makingOf(action).by === 'filter' ? 0 : 1)
