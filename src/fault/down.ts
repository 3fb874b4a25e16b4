import { z } from 'zod'
import { formatMs } from '../units.ts'
import { duration } from '../value/scalar.ts'
import { show } from '../value/show.ts'
import type { FaultKind } from './kind.ts'

const schema = z
  .union(
    [
      // Not a literal: of another type it is not this form at all, and the message tells of both.
      z
        .boolean()
        .refine((value) => value, { error: () => 'expected true, got false' })
        .meta({ const: true }),
      z.strictObject({
        after: duration.optional().describe('How long after the start of the phase. Left out: at once.'),
        for: duration.optional().describe('How long. Left out: to the end of the phase.'),
      }),
    ],
    { error: (issue) => `expected true, or a map such as { after: 500ms, for: 2s }, got ${show(issue.input)}` },
  )
  .transform((value): { after?: number | undefined; for?: number | undefined } => (typeof value === 'boolean' ? {} : value))
  .meta({ title: '`true` or map' })
  .describe(
    'true: the replica dies, with all its connections, and returns at the end of the phase. { after: 500ms, for: 2s }: so long after its start, and for so long, within the phase.',
  )

/**
 * The replica dies, and returns. Requests that it had are lost with their connections, and it takes no new ones.
 * @see test/integration/socket-faults.test.ts
 */
export const down: FaultKind<typeof schema> = {
  key: 'down',
  schema,
  make: ({ after = 0, for: forMs = null }) => ({ by: 'door', behaviour: { kind: 'down', afterMs: after, forMs } }),
  effect: (value) => (value.after === undefined && value.for === undefined ? { does: 'refuse' } : { does: 'refuse', isPartly: true }),
  shows: (_, seen) => seen.status === 0,
  takesTime: false,
  describe: (value) =>
    [
      'down',
      ...(value.after === undefined ? [] : [`after ${formatMs(value.after)}`]),
      ...(value.for === undefined ? [] : [`for ${formatMs(value.for)}`]),
    ].join(' '),
  examples: ['down: true', 'down: { after: 500ms, for: 2s }'],
  seenAs: 'What is in flight there ends as with reset (UC), and what comes then as with refuse (UF).',
}
