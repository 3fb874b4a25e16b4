import { setTimeout as sleep } from 'node:timers/promises'
import { ChaosError } from '../errors.ts'

const POLL_MS = 20

/**
 * Asks again and again until a container is ready.
 * @throws ChaosError when it ends before, or takes longer than `within` ms; the signal's reason on an abort
 */
export async function untilReady(given: {
  what: string
  within: number
  isReady(): Promise<boolean>
  exited: Promise<number>
  lastLines(): Promise<string[]>
  signal: AbortSignal
  /** What to throw when it has ended. */
  ended?(code: number): Promise<Error>
}): Promise<void> {
  const { what, within, exited, signal } = given
  const deadline = performance.now() + within
  let ended: number | undefined
  const end = exited.then((code) => {
    ended = code
    return false
  })
  while (!(await Promise.race([given.isReady(), end]))) {
    signal.throwIfAborted()
    if (ended !== undefined) {
      if (given.ended) throw await given.ended(ended)
      throw new ChaosError('environment', `${what} ended with code ${ended} before it was ready`, { detail: await given.lastLines() })
    }
    if (performance.now() > deadline) {
      throw new ChaosError('environment', `${what} was not ready after ${within / 1000} s`, { detail: await given.lastLines() })
    }
    await sleep(POLL_MS)
  }
}
