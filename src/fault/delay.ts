import { formatMs, formatSeconds } from '../units.ts'
import { duration } from '../value/scalar.ts'
import type { FaultKind } from './kind.ts'

const schema = duration.describe('How long to hold the request, for example 400ms.')

/**
 * Holds the request for a fixed time before it goes on.
 * @see Envoy `extensions.filters.common.fault.v3.FaultDelay.fixed_delay`. It comes out up to 3 ms short and some ms
 *   long (test/integration/faults.test.ts).
 */
export const delay: FaultKind<typeof schema> = {
  key: 'delay',
  schema,
  filter: (ms, percentKey) => ({
    delay: { fixed_delay: formatSeconds(ms), percentage: { numerator: 0 } },
    delay_percent_runtime: percentKey,
  }),
  flag: 'DI',
  counter: 'delays_injected',
  describe: (ms) => `delay ${formatMs(ms)}`,
}
