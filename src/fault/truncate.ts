import { z } from 'zod'
import { formatPercent, parsePercent, type Ratio } from '../units.ts'
import { fail } from '../value/scalar.ts'
import { show } from '../value/show.ts'
import type { FaultKind } from './kind.ts'

const schema = z
  .union([z.string(), z.number()], { error: (issue) => `expected how much of the body comes, such as "50%", got ${show(issue.input)}` })
  .meta({ title: 'share of the body', type: 'string', pattern: '^\\d+(?:\\.\\d+)?\\s?%$', examples: ['50%'] })
  .transform((input, context): Ratio => {
    if (typeof input === 'number')
      return fail(context, `expected how much of the body comes, such as "50%", got ${input} without its unit`, `${input}%`)
    const share = parsePercent(input)
    if (share === undefined || share === 1)
      return fail(context, `expected how much of the body comes, from 0% to below 100%, got ${show(input)}`)
    return share
  })
  .describe('So much of the body comes, for example 50%; then the connection ends. The headers have its whole length.')

/**
 * An answer that begins well and breaks off. Envoy cannot try it again: its beginning has gone out.
 * @see test/integration/answer-faults.test.ts: the flag is UPE, not UC, and Envoy's caller hears of it 1 s later
 */
export const truncate: FaultKind<typeof schema> = {
  key: 'truncate',
  schema,
  make: (share) => ({ by: 'stub', behaviour: { kind: 'truncate', share } }),
  effect: () => ({ does: 'break' }),
  shows: (_, { passed, brokeOff }) => passed && brokeOff,
  takesTime: false,
  leastBody: () => 1,
  describe: (share) => `truncate ${formatPercent(share, 4)}`,
  examples: ['truncate: 50%'],
  seenAs:
    'An answer that breaks off (UPE), which nothing tries again: no success, whatever its status. The caller hears of it 1 s later (`delayed_close_timeout`).',
}
