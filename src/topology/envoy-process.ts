import { closeSync, openSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Address } from '../envoy/addresses.ts'
import { ChaosError } from '../errors.ts'
import { Admin } from './admin.ts'
import { writing } from './disk.ts'
import { type Guarded, spawnGuarded } from './guard.ts'
import { lastLines } from './tail.ts'
import { lastLines as lastLinesOf, runTool } from './tool.ts'

const READY_WITHIN_MS = 15_000
const POLL_MS = 4

/** Thrown when a port was taken between its choice and its use: worth another try. */
export class PortTaken extends Error {}

/** Has Envoy check the configuration; it opens no port. @throws ChaosError with the reason Envoy gives. */
export async function validateConfiguration(envoy: string, file: string, signal: AbortSignal): Promise<void> {
  const timeout = AbortSignal.timeout(READY_WITHIN_MS)
  const args = ['--mode', 'validate', '-c', file, '-l', 'error', '--disable-hot-restart']
  const { exitCode, output } = await runTool(envoy, args, { signal: AbortSignal.any([signal, timeout]) }).catch((error) => {
    if (signal.aborted || !timeout.aborted) throw error
    throw new ChaosError('environment', `Envoy did not check its configuration within ${READY_WITHIN_MS / 1000} s: ${file}`, {
      hint: `is ${envoy} an Envoy?`,
      cause: error,
    })
  })
  if (exitCode === 0) return
  throw new ChaosError('environment', `Envoy refuses the configuration that chaos wrote: ${file}`, {
    detail: lastLinesOf(output),
    hint: 'the file is kept as evidence; if the Envoy is not the version chaos was measured with, try that one',
  })
}

/** Starts Envoy and waits until it takes requests. @throws PortTaken, or ChaosError with Envoy's last words. */
export async function startEnvoy(
  envoy: string,
  files: { config: string; log: string },
  adminAddress: Address,
  signal: AbortSignal,
): Promise<{ guarded: Guarded; admin: Admin }> {
  const log = writing(files.log, () => openSync(files.log, 'w'))
  // One worker: with two, a breaker lets limit + 1 through.
  const guarded = spawnGuarded([envoy, '-c', files.config, '--concurrency', '1', '-l', 'warn', '--disable-hot-restart'], {
    stdout: log,
    stderr: log,
  })
  closeSync(log)
  const admin = new Admin(adminAddress)
  let ended: number | undefined
  const notAnyMore = guarded.exited.then((code) => {
    ended = code
    return false
  })
  try {
    const deadline = performance.now() + READY_WITHIN_MS
    // Should another program have the admin port, it may keep us waiting for an answer long after Envoy has ended.
    while (!(await Promise.race([admin.ready(files.config), notAnyMore]))) {
      signal.throwIfAborted()
      if (ended !== undefined) {
        const said = lastLines(files.log)
        if (said.some((line) => line.includes('Address already in use'))) throw new PortTaken(said.at(-1))
        throw new ChaosError('environment', `Envoy ended with code ${ended} before it was ready`, { detail: said })
      }
      if (performance.now() > deadline) {
        throw new ChaosError('environment', `Envoy was not ready after ${READY_WITHIN_MS / 1000} s`, { detail: lastLines(files.log) })
      }
      await sleep(POLL_MS)
    }
    return { guarded, admin }
  } catch (error) {
    admin.close()
    await guarded.stop()
    throw error
  }
}
