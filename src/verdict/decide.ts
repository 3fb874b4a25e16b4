import type { Interval } from '../statistics/interval.ts'
import type { Condition } from '../value/condition.ts'
import type { Status } from './verdict.ts'

/** What an interval says of a condition: pass when all of it satisfies the condition, fail when none of it does, else neither. */
export function decide(condition: Condition, { low, high }: Interval): Status {
  const { least, most, open } = limitsOf(condition)
  const passes = open ? low > least && high < most : low >= least && high <= most
  if (passes) return 'pass'
  const fails = open ? high <= least || low >= most : high < least || low > most
  return fails ? 'fail' : 'inconclusive'
}

/** The range of values that satisfy a condition; `open` when its ends do not. */
export function limitsOf(condition: Condition): { least: number; most: number; open: boolean } {
  const [least, most] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  switch (condition.op) {
    case '>=':
      return { least: condition.value, most, open: false }
    case '>':
      return { least: condition.value, most, open: true }
    case '<=':
      return { least, most: condition.value, open: false }
    case '<':
      return { least, most: condition.value, open: true }
    case '=':
      return { least: condition.value, most: condition.value, open: false }
    case 'between':
      return { least: condition.low, most: condition.high, open: false }
  }
}

/**
 * The claim about single requests that a condition on a share amounts to, when it is one: such a claim is exact, since
 * one counterexample settles it and no interval ever reaches 0 % or 100 %. Undefined for all other conditions.
 */
export function exactly(condition: Condition): 'every' | 'none' | 'some' | 'not every' | undefined {
  const { least, most, open } = limitsOf(condition)
  if (open) return least === 0 ? 'some' : most === 1 ? 'not every' : undefined
  return least === 1 ? 'every' : most === 0 ? 'none' : undefined
}
