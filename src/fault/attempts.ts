import type { Condition } from '../value/condition.ts'

/** Which tries of a request a fault is for, counted from 1: from the one on, up to the other. */
export interface Attempts {
  from: number
  /** Infinite where there is no end. */
  to: number
  /** As the scenario has it. */
  source: string
}

/** What counts the tries of a request: Envoy's router writes it anew for each. */
export const ATTEMPT_HEADER = 'x-envoy-attempt-count'

export function attemptsOf(condition: Condition): Attempts {
  const { source } = condition
  switch (condition.op) {
    case '=':
      return { from: condition.value, to: condition.value, source }
    case '>=':
      return { from: condition.value, to: Number.POSITIVE_INFINITY, source }
    case '>':
      return { from: condition.value + 1, to: Number.POSITIVE_INFINITY, source }
    case '<=':
      return { from: 1, to: condition.value, source }
    case '<':
      return { from: 1, to: condition.value - 1, source }
    case 'between':
      return { from: condition.low, to: condition.high, source }
  }
}

/** @param attempts - null: all */
export const isOneOf = (attempts: Attempts | null, n: number) => attempts === null || (n >= attempts.from && n <= attempts.to)
