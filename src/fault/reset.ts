import { justTrue } from './just-true.ts'
import type { FaultKind } from './kind.ts'

const schema = justTrue('true: the stub works on the request as ever, and then the connection is reset in place of an answer.')

/**
 * The upstream breaks the connection off when it should answer, as one that crashes at a request does. A hop would make a 503
 * of it, so the connection that Envoy's egress has is the one that is reset.
 * @see test/integration/socket-faults.test.ts: the flag is UC
 */
export const reset: FaultKind<typeof schema> = {
  key: 'reset',
  schema,
  make: () => ({ by: 'stub', behaviour: { kind: 'reset' } }),
  effect: () => ({ does: 'reset' }),
  // A limit may have cut it before.
  shows: (_, seen) => seen.passed && seen.status === 0,
  takesTime: false,
  describe: () => 'reset',
  examples: ['reset: true'],
  seenAs:
    'A connection that the upstream closes before it answers (UC): tried again under reset, 5xx and gateway-error, not under connect-failure or reset-before-request.',
}
