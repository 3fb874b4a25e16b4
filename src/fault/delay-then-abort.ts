import { z } from 'zod'
import { duration } from '../value/scalar.ts'
import { abort } from './abort.ts'
import { delay } from './delay.ts'
import type { Effect } from './effect.ts'
import type { FaultKind, FilterMaking } from './kind.ts'
import { shortBy } from './tolerance.ts'

/** As a scenario's fault has them, beside one another. */
const schema = z.strictObject({ delay: duration, abort: abort.schema })

/**
 * Holds the request for a fixed time, and then answers in the upstream's place: as a server that fails late. One filter does
 * both, in this order.
 * @see Envoy `source/extensions/filters/http/fault/fault_filter.cc`, `FaultFilter::postDelayInjection`
 */
export const delayThenAbort: FaultKind<typeof schema> = {
  key: 'delay+abort',
  schema,
  make: (value) => ({ by: 'filter', does: { ...partsOf(delay.make(value.delay)), ...partsOf(abort.make(value.abort)) } }),
  effect: (value) => ({ ...abort.effect(value.abort), afterMs: value.delay }) as Effect,
  // What is cut while it is held never comes to its abort.
  shows: (value, seen) =>
    (!seen.passed && seen.cut) || (abort.shows(value.abort, seen) && seen.lagMs >= value.delay - shortBy(value.delay)),
  missed: (value, seen) => (seen.cut ? undefined : abort.missed?.(value.abort, seen)),
  takesTime: true,
  describe: (value) => `${delay.describe(value.delay)} then ${abort.describe(value.abort)}`,
  examples: ['delay: 400ms, abort: 503'],
  seenAs: 'A late answer with this status. A timeout that is shorter than the delay cuts it first (UT), and there is no abort.',
}

const partsOf = (making: ReturnType<typeof delay.make>) => (making as FilterMaking).does
