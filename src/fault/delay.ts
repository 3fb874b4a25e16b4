import { formatMs, formatSeconds } from '../units.ts'
import { duration } from '../value/scalar.ts'
import type { FaultKind } from './kind.ts'
import { shortBy } from './tolerance.ts'

const schema = duration.describe('How long to hold the request, for example 400ms.')

/**
 * Holds the request for a fixed time before it goes on.
 * @see Envoy `extensions.filters.common.fault.v3.FaultDelay.fixed_delay`. It comes out up to 3 ms short and some ms
 *   long (test/integration/faults.test.ts).
 */
export const delay: FaultKind<typeof schema> = {
  key: 'delay',
  schema,
  make: (ms) => ({
    by: 'filter',
    filter: (percentKey) => ({
      delay: { fixed_delay: formatSeconds(ms), percentage: { numerator: 0 } },
      delay_percent_runtime: percentKey,
    }),
    counter: 'delays_injected',
  }),
  effect: (ms) => ({ does: 'hold', ms }),
  shows: (ms, { passed, cut, lagMs }) => lagMs >= ms - shortBy(ms) || (!passed && cut),
  takesTime: true,
  describe: (ms) => `delay ${formatMs(ms)}`,
  examples: ['delay: 400ms'],
  seenAs: 'A late answer: timeouts cut it (UT), and it holds its place in the breakers.',
}
