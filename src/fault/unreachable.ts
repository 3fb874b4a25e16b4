import { justTrue } from './just-true.ts'
import type { FaultKind } from './kind.ts'

const schema = justTrue(
  'true: nobody answers an attempt to connect to the replica. What is in flight is answered, and then its connection is closed.',
)

/**
 * Whoever connects to the replica gets no answer, as where a network drops what it should pass on: `connect_timeout` cuts it.
 * @see test/integration/socket-faults.test.ts
 */
export const unreachable: FaultKind<typeof schema> = {
  key: 'unreachable',
  schema,
  make: () => ({ by: 'door', behaviour: { kind: 'unreachable' } }),
  effect: () => ({ does: 'strand' }),
  shows: (_, seen) => !seen.passed && seen.status === 0,
  takesTime: false,
  describe: () => 'unreachable',
  examples: ['unreachable: true'],
  seenAs:
    'As refuse, but only after `connect_timeout` (5 s by default). All that waits for a connection there fails with the first, also just after the end of the phase.',
}
