import { closeSync, openSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Address } from '../envoy/addresses.ts'
import { ChaosError } from '../errors.ts'
import { programOf } from '../program.ts'
import { type AppPlace, type AppProcess, END_WITHIN_MS } from './app-process.ts'
import { writing } from './disk.ts'
import { spawnGuarded } from './guard.ts'
import { lastLines } from './tail.ts'

const READY_WITHIN_MS = 10_000

/**
 * Starts the server that runs an app to its end at each request.
 * @param withinMs - a run that takes longer is killed with what it started
 */
export async function startRunner(
  { command, env, cwd, log }: Omit<AppPlace, 'address'>,
  host: string,
  withinMs: number,
  signal: AbortSignal,
): Promise<AppProcess & { address: Address }> {
  const stderr = writing(log, () => openSync(log, 'w'))
  const runner = [...programOf('runner'), host, String(withinMs), ...command]
  const guarded = spawnGuarded(runner, { stdout: 'pipe', stderr, env, cwd })
  closeSync(stderr)
  const announced = new Promise<number>((resolve) => {
    if (guarded.process.stdout) createInterface(guarded.process.stdout).once('line', (line) => resolve(Number(line)))
  })
  const port = await Promise.race([announced, guarded.exited.then(() => null), sleep(READY_WITHIN_MS, null, { signal, ref: false })]).catch(
    () => null,
  )
  if (port === null) {
    await guarded.stop()
    signal.throwIfAborted()
    throw new ChaosError('environment', 'what runs the app did not start', { detail: lastLines(log) })
  }
  return { address: { host, port }, exited: guarded.exited, end: () => guarded.end(END_WITHIN_MS) }
}
