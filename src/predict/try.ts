import { unreachable } from '../errors.ts'
import { isOneOf } from '../fault/attempts.ts'
import { effectOf, makingOf } from '../fault/registry.ts'
import type { PlannedFault } from '../plan/plan.ts'
import type { Chance, TryOutcome } from './outcome.ts'
import type { Answer } from './retry.ts'

/** What one try at a cluster meets. */
export interface Upstream {
  /** The faults that it may meet, by replicas that meet the same ones; the shares add up to 1. */
  groups: readonly { share: number; faults: readonly PlannedFault[] }[]
  service: readonly Chance[]
  answer: Answer
}

export interface TryPolicy {
  /** Ms; 0: no limit. The stub answers in one piece, so that the longest silence of a try is such a limit too. */
  perTryTimeout: number
  retriesCut: boolean
  retriesAnswer(answer: Answer): boolean
}

/** `hangs`: the upstream gets it, and never answers. */
type State = { chance: number; delay: number; abort: number | null; hangs: boolean }

/**
 * All ways that one try can end.
 *
 * Each fault is drawn on its own; those of a hop act in the order of the scenario, filters before what the stub makes: a
 * delay is waited for, then the next is met; an abort answers at once. A try that outlasts per_try_timeout ends there, as a 504.
 * @param overheadMs - what the machine adds to a try: Envoy's two hops, sockets, timers
 * @param n - which try of its request: not all of them may meet the same faults
 */
export function tryOutcomes(upstream: Upstream, policy: TryPolicy, overheadMs: number, n = 1): TryOutcome[] {
  const merged = new Map<string, TryOutcome>()
  const add = (outcome: TryOutcome) => {
    const key = `${outcome.ms.toFixed(1)} ${outcome.status} ${outcome.cut} ${outcome.atStub} ${outcome.retried}`
    const known = merged.get(key)
    if (known === undefined) merged.set(key, { ...outcome })
    else known.chance += outcome.chance
  }
  for (const { share, faults } of upstream.groups) {
    for (const { chance, delay, abort, hangs } of statesOf(faults.filter(({ attempts }) => isOneOf(attempts, n)))) {
      const answers = abort !== null ? [{ chance: 1, ms: 0 }] : hangs ? [{ chance: 1, ms: Number.POSITIVE_INFINITY }] : upstream.service
      const answer = abort === null ? upstream.answer : { status: abort, headers: {} }
      for (const served of answers) {
        add(ended(share * chance * served.chance, { delay, took: delay + served.ms + overheadMs, answer, aborted: abort !== null }))
      }
    }
  }
  return [...merged.values()].filter(({ chance }) => chance > 0)

  function ended(chance: number, met: { delay: number; took: number; answer: Answer; aborted: boolean }): TryOutcome {
    const limit = policy.perTryTimeout
    if (limit > 0 && met.took > limit)
      return { chance, ms: limit, status: 504, cut: true, retried: policy.retriesCut, atStub: !met.aborted && met.delay < limit }
    return {
      chance,
      ms: met.took,
      status: met.answer.status,
      cut: false,
      // What is never answered is not tried again: nothing ends it but what ends the request.
      retried: Number.isFinite(met.took) && policy.retriesAnswer(met.answer),
      atStub: !met.aborted,
    }
  }
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
export function statesOf(faults: readonly PlannedFault[]): State[] {
  let states: State[] = [{ chance: 1, delay: 0, abort: null, hangs: false }]
  for (const { action, percent } of faults.toSorted((a, b) => placeOf(a) - placeOf(b))) {
    const next = new Map<string, State>()
    const add = (state: State) => {
      const key = `${state.delay} ${state.abort} ${state.hangs}`
      const known = next.get(key)
      if (known === undefined) next.set(key, state)
      else next.set(key, { ...known, chance: known.chance + state.chance })
    }
    for (const state of states) {
      if (state.abort !== null || state.hangs) {
        add(state)
        continue
      }
      const met = (state.chance * percent) / 100
      if (percent < 100) add({ ...state, chance: state.chance - met })
      const effect = effectOf(action)
      switch (effect.does) {
        case 'hold':
          add({ ...state, chance: met, delay: state.delay + effect.ms })
          break
        case 'answer':
          add({ ...state, chance: met, abort: effect.status })
          break
        case 'hang':
          add({ ...state, chance: met, hangs: true })
          break
        default:
          unreachable(effect)
      }
    }
    states = [...next.values()]
  }
  return states
}

/** Filters act before the hop takes a route. */
const placeOf = ({ action }: PlannedFault) => (makingOf(action).by === 'filter' ? 0 : 1)
