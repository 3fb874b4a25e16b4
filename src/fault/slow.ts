import { z } from 'zod'
import { trim } from '../units.ts'
import { show } from '../value/show.ts'
import type { FaultKind } from './kind.ts'
import { shortBy } from './tolerance.ts'

const schema = z
  .number({ error: (issue) => `expected a factor such as 5, got ${show(issue.input)}` })
  .refine((value) => value > 1 && value <= 10_000, {
    error: (issue) => `expected a factor above 1 and at most 10000, got ${show(issue.input)}`,
  })
  .meta({ title: 'number', exclusiveMinimum: 1, maximum: 10_000, examples: [5] })
  .describe(
    'The stub works so many times as long on the request, for example 5. Unlike a delay it keeps a worker busy, so that others wait.',
  )

/** The work takes longer, and so does what waits behind it: as real slowness does, and a delay does not. */
export const slow: FaultKind<typeof schema> = {
  key: 'slow',
  schema,
  make: (factor) => ({ by: 'stub', behaviour: { kind: 'slow', factor } }),
  effect: (factor) => ({ does: 'slow', factor }),
  shows: (_, { cut, tookMs, workMs }) => workMs !== null && (cut || tookMs >= workMs - shortBy(workMs)),
  takesTime: true,
  describe: (factor) => `slow ×${trim(factor, 4)}`,
  examples: ['slow: 5'],
  seenAs: 'A late answer, and where workers are few a queue behind it, which other requests wait in.',
}
