import { z } from 'zod'
import { formatMs } from '../units.ts'
import { duration, wholeNumber } from '../value/scalar.ts'
import { show } from '../value/show.ts'
import type { FaultKind } from './kind.ts'
import { shortBy } from './tolerance.ts'

const schema = z
  .union(
    [
      duration,
      z.strictObject({
        limit_kbps: wholeNumber(1, 1_000_000)
          .meta({ examples: [64] })
          .describe('KiB a second.'),
      }),
    ],
    {
      error: (issue) => `expected a duration such as 2s, or a rate such as { limit_kbps: 8 }, got ${show(issue.input)}`,
    },
  )
  .meta({ title: 'duration or map' })
  .describe(
    'The headers of the answer come at once, the body evenly over this time, for example 2s, or at a rate: { limit_kbps: 8 } (KiB a second). Its worker is free meanwhile.',
  )

type SlowBody = z.output<typeof schema>

const timeOf = (value: SlowBody, bytes: number) => (typeof value === 'number' ? value : (bytes / 1024 / value.limit_kbps) * 1000)

/** An answer that begins at once and takes long to be whole. */
export const slowBody: FaultKind<typeof schema> = {
  key: 'slow_body',
  schema,
  make: (value) => ({
    by: 'stub',
    behaviour: typeof value === 'number' ? { kind: 'slow_body', overMs: value } : { kind: 'slow_body', kbps: value.limit_kbps },
  }),
  effect: (value) => ({ does: 'trickle', ms: (bytes) => timeOf(value, bytes) }),
  shows: (value, { passed, cut, bodyMs, bodyBytes }) => {
    const ms = timeOf(value, bodyBytes)
    return passed && (cut || (bodyMs !== null && bodyMs >= ms - shortBy(ms)))
  },
  takesTime: true,
  leastBody: () => 2,
  describe: (value) => (typeof value === 'number' ? `slow_body ${formatMs(value)}` : `slow_body ${value.limit_kbps} KiB/s`),
  examples: ['slow_body: 2s', 'slow_body: { limit_kbps: 8 }'],
  seenAs:
    'An answer that is long in coming: timeout cuts it (UT) after its headers, which nothing tries again, and per_try_idle_timeout its silences (SI); per_try_timeout sees the headers, and is content.',
}
