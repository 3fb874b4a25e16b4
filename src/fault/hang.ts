import { justTrue } from './just-true.ts'
import type { FaultKind } from './kind.ts'

const schema = justTrue('true: the stub accepts the request, works on it as ever, and never answers.')

/**
 * Takes the request and never answers it. Its worker is free when the work is done: what hangs is the answer, as where it
 * was lost. Nothing but a limit of time, or the patience of the caller, ends it.
 */
export const hang: FaultKind<typeof schema> = {
  key: 'hang',
  schema,
  make: () => ({ by: 'stub', behaviour: { kind: 'hang' } }),
  effect: () => ({ does: 'hang' }),
  shows: (_, seen) => seen.passed && seen.status === 0,
  takesTime: false,
  describe: () => 'hang',
  examples: ['hang: true'],
  seenAs:
    'No answer: per_try_timeout (UT), per_try_idle_timeout (SI) or the timeout of the route cuts it; without any of them the caller gives up.',
}
