import { z } from 'zod'
import { formatMs, formatSeconds } from '../units.ts'
import { duration } from '../value/scalar.ts'
import { show } from '../value/show.ts'
import type { FaultKind } from './kind.ts'
import type { Law } from './law.ts'
import { shortBy } from './tolerance.ts'

const schema = z
  .union(
    [
      duration,
      z
        .strictObject({ p50: duration.describe('The median.'), p99: duration.describe('The 99th percentile.') })
        .refine(({ p50, p99 }) => p99 > p50 && p50 > 0, { path: ['p99'], error: 'expected p50 above 0ms and p99 above p50' })
        .describe('Log-normal, given by its median and its 99th percentile.'),
      z
        .strictObject({ uniform: z.tuple([duration, duration]).describe('The shortest and the longest.') })
        .refine(({ uniform: [from, to] }) => to > from, { path: ['uniform'], error: 'expected the longest to be above the shortest' }),
    ],
    {
      error: (issue) =>
        `expected a duration such as 400ms, or a map such as { p50: 50ms, p99: 400ms } or { uniform: [50ms, 200ms] }, got ${show(issue.input)}`,
    },
  )
  .meta({ title: 'duration or map' })
  .describe(
    "How long to hold the request, for example 400ms. Envoy's filter has a fixed delay only, so { p50: 50ms, p99: 400ms } (log-normal) and { uniform: [50ms, 200ms] } are made at the stub, drawn from the seed.",
  )

type Delay = z.output<typeof schema>

const lawOf = (value: Delay): Law => {
  if (typeof value === 'number') return { kind: 'fixed', ms: value }
  if ('p50' in value) return { kind: 'log-normal', p50: value.p50, p99: value.p99 }
  return { kind: 'uniform', from: value.uniform[0], to: value.uniform[1] }
}

/**
 * Holds the request before it goes on: for a fixed time in Envoy's filter, for one that is drawn in front of the stub's line.
 * @see Envoy `extensions.filters.common.fault.v3.FaultDelay.fixed_delay`. It comes out up to 3 ms short and some ms
 *   long (test/integration/faults.test.ts).
 */
export const delay: FaultKind<typeof schema> = {
  key: 'delay',
  schema,
  make: (value) =>
    typeof value !== 'number'
      ? { by: 'stub', behaviour: { kind: 'delay', law: lawOf(value) } }
      : { by: 'filter', does: { delay: { fixed_delay: formatSeconds(value) } } },
  effect: (value) => ({ does: 'hold', time: lawOf(value) }),
  shows: (value, { passed, cut, lagMs, tookMs, heldMs }) =>
    typeof value === 'number'
      ? lagMs >= value - shortBy(value) || (!passed && cut)
      : heldMs !== null && (cut || tookMs >= heldMs - shortBy(heldMs)),
  takesTime: true,
  describe: (value) => {
    if (typeof value === 'number') return `delay ${formatMs(value)}`
    const law = 'p50' in value ? `p50 ${formatMs(value.p50)}, p99 ${formatMs(value.p99)}` : value.uniform.map(formatMs).join(' .. ')
    return `delay ${law} at the stub`
  },
  examples: ['delay: 400ms', 'delay: { p50: 50ms, p99: 400ms }', 'delay: { uniform: [50ms, 200ms] }'],
  seenAs: 'A late answer: timeouts cut it (UT), and it holds its place in the breakers.',
}
