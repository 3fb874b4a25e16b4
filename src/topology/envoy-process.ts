import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Address } from '../envoy/addresses.ts'
import { ChaosError } from '../errors.ts'
import { Admin } from './admin.ts'
import { writing } from './disk.ts'
import { type Guarded, spawnGuarded } from './guard.ts'
import { PortTaken } from './ports.ts'
import { lastLines } from './tail.ts'

const READY_WITHIN_MS = 15_000
const POLL_MS = 4

export interface EnvoyProcess {
  guarded: Guarded
  admin: Admin
}

/**
 * Starts Envoy and waits until it takes requests. What it says of a configuration that it refuses is what `--mode validate` says.
 * @throws PortTaken, or ChaosError with Envoy's last words
 */
export async function startEnvoy(
  envoy: string,
  files: { config: string; log: string },
  adminAddress: Address,
  signal: AbortSignal,
): Promise<EnvoyProcess> {
  const log = writing(files.log, () => openSync(files.log, 'w'))
  const guarded = spawnGuarded([envoy, ...envoyArguments(files.config)], {
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
        if (said.some((line) => line.includes('Address already in use'))) throw new PortTaken('Envoy', files.log)
        throw envoyEndedEarly(ended, files.config, readFileSync(files.log, 'utf8'), said)
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

/** One worker: with two, a breaker lets limit + 1 through. */
export const envoyArguments = (config: string) => ['-c', config, '--concurrency', '1', '-l', 'warn', '--disable-hot-restart']

/** Before its reason Envoy may print the whole configuration. */
const REFUSED = / initializing config/

/**
 * @param config - where the configuration lies as evidence
 * @param said - all that Envoy said, of which `detail` are the last lines
 */
export function envoyEndedEarly(code: number, config: string, said: string, detail: readonly string[]): ChaosError {
  if (!REFUSED.test(said)) return new ChaosError('environment', `Envoy ended with code ${code} before it was ready`, { detail })
  return new ChaosError('environment', `Envoy refuses the configuration that chaos wrote: ${config}`, {
    detail,
    hint: 'the file is kept as evidence; if the Envoy is not the version chaos was measured with, try that one',
  })
}
