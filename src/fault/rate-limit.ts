import { z } from 'zod'
import { wholeNumber } from '../value/scalar.ts'
import type { FaultKind } from './kind.ts'
import { shortBy } from './tolerance.ts'

const schema = z
  .strictObject({
    limit_kbps: wholeNumber(1, 1_000_000)
      .meta({ examples: [64] })
      .describe('KiB a second, as Envoy counts them.'),
  })
  .describe("Envoy's fault filter lets the body of the answer through at this rate only: { limit_kbps: 64 } (KiB a second).")

/** Envoy lets through what a twentieth of a second is worth at once, and then as much each time. */
const TICK_S = 0.05

/**
 * The body of the answer comes at a rate. The filter leaves no mark in a log and sets no flag, so that nobody could say who
 * met it: a route of its own chooses whom it is for, and the filter acts on that route alone.
 * @see Envoy `extensions.filters.common.fault.v3.FaultRateLimit.FixedLimit.limit_kbps`
 */
export const rateLimit: FaultKind<typeof schema> = {
  key: 'rate_limit',
  schema,
  make: ({ limit_kbps }) => ({
    by: 'route',
    filter: { response_rate_limit: { fixed_limit: { limit_kbps }, percentage: { numerator: 100 } } },
  }),
  effect: ({ limit_kbps }) => ({ does: 'trickle', ms: (bytes) => timeOf(limit_kbps, bytes) }),
  shows: ({ limit_kbps }, { passed, cut, bodyMs, bodyBytes }) => {
    const ms = timeOf(limit_kbps, bodyBytes)
    return passed && (cut || (bodyMs !== null && bodyMs >= ms - shortBy(ms)))
  },
  takesTime: true,
  leastBody: ({ limit_kbps }) => Math.floor(3 * TICK_S * limit_kbps * 1024),
  describe: ({ limit_kbps }) => `rate_limit ${limit_kbps} KiB/s`,
  examples: ['rate_limit: { limit_kbps: 64 }'],
  seenAs: 'As slow_body, but for the silences: the body comes in pieces, 20 a second.',
}

/** In ms; the first piece goes at once. */
const timeOf = (kbps: number, bytes: number) => Math.max(0, (bytes / 1024 / kbps - TICK_S) * 1000)
