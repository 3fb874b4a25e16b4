import { unreachable } from '../errors.ts'
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

type State = { chance: number; delay: number; abort: number | null }

/**
 * All ways that one try can end.
 *
 * Each fault is drawn on its own; those of a hop act in the order of the scenario: a delay is waited for, then the next is
 * met; an abort answers at once. A try that outlasts per_try_timeout ends there, as a 504.
 * @param overheadMs - what the machine adds to a try: Envoy's two hops, sockets, timers
 */
export function tryOutcomes(upstream: Upstream, policy: TryPolicy, overheadMs: number): TryOutcome[] {
  const merged = new Map<string, TryOutcome>()
  const add = (outcome: TryOutcome) => {
    const key = `${outcome.ms.toFixed(1)} ${outcome.status} ${outcome.cut} ${outcome.atStub} ${outcome.retried}`
    const known = merged.get(key)
    if (known === undefined) merged.set(key, { ...outcome })
    else known.chance += outcome.chance
  }
  for (const { share, faults } of upstream.groups) {
    for (const { chance, delay, abort } of statesOf(faults)) {
      const answers = abort === null ? upstream.service : [{ chance: 1, ms: 0 }]
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
      retried: policy.retriesAnswer(met.answer),
      atStub: !met.aborted,
    }
  }
}

/** What the faults of a hop do together. */
export function statesOf(faults: readonly PlannedFault[]): State[] {
  let states: State[] = [{ chance: 1, delay: 0, abort: null }]
  for (const { action, percent } of faults) {
    const next = new Map<string, State>()
    const add = (state: State) => {
      const key = `${state.delay} ${state.abort}`
      const known = next.get(key)
      if (known === undefined) next.set(key, state)
      else next.set(key, { ...known, chance: known.chance + state.chance })
    }
    for (const state of states) {
      if (state.abort !== null) {
        add(state)
        continue
      }
      const met = (state.chance * percent) / 100
      if (percent < 100) add({ ...state, chance: state.chance - met })
      switch (action.kind) {
        case 'delay':
          add({ ...state, chance: met, delay: state.delay + action.value })
          break
        case 'abort':
          add({ ...state, chance: met, abort: action.value })
          break
        default:
          unreachable(action)
      }
    }
    states = [...next.values()]
  }
  return states
}
