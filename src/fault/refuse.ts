import { justTrue } from './just-true.ts'
import type { FaultKind } from './kind.ts'

const schema = justTrue('true: nobody listens at the replica. What is in flight is answered, and then its connection is closed.')

/**
 * The replica takes no connection any more: no socket listens, and the kernel says so at once.
 * @see test/integration/socket-faults.test.ts: the flag is UF
 */
export const refuse: FaultKind<typeof schema> = {
  key: 'refuse',
  schema,
  make: () => ({ by: 'door', behaviour: { kind: 'refuse' } }),
  effect: () => ({ does: 'refuse' }),
  shows: (_, seen) => !seen.passed && seen.status === 0,
  takesTime: false,
  describe: () => 'refuse',
  examples: ['refuse: true'],
  seenAs:
    'A connection that is refused (UF), at once: tried again under connect-failure, reset-before-request, reset, 5xx and gateway-error.',
}
