import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Address } from '../envoy/addresses.ts'
import { ChaosError } from '../errors.ts'
import type { PlannedApp } from '../plan/plan.ts'
import { formatMs } from '../units.ts'
import { writing } from './disk.ts'
import { spawnGuarded } from './guard.ts'
import { awaitReadiness } from './readiness.ts'
import { lastLines } from './tail.ts'

/** From SIGTERM to SIGKILL at the end of a run. */
export const END_WITHIN_MS = 2000
/** As a shell says it. */
const [NOT_EXECUTABLE, NOT_FOUND] = [126, 127]

export interface AppProcess {
  exited: Promise<number>
  /** SIGTERM, and SIGKILL for what is left of it 2 s later. */
  end(): Promise<void>
}

export interface AppPlace {
  address: Address
  /** argv and the whole environment, with nothing left to fill in. */
  command: readonly string[]
  env: NodeJS.ProcessEnv
  /** The folder of the scenario. */
  cwd: string
  /** Where stdout and stderr go. */
  log: string
}

/**
 * Starts the app and waits until it is ready.
 * @throws ChaosError `environment` with its last lines when it ends before, or takes too long
 */
export async function startApp(app: PlannedApp, place: AppPlace, signal: AbortSignal): Promise<AppProcess> {
  if (app.port !== undefined) await refuseTaken(place.address)
  const log = writing(place.log, () => openSync(place.log, 'w'))
  const guarded = spawnGuarded(place.command, { stdout: log, stderr: log, env: place.env, cwd: place.cwd })
  closeSync(log)
  try {
    const outcome = await awaitReadiness(
      { ...app, address: place.address, isForwarded: false, said: () => readFileSync(place.log, 'utf8'), exited: guarded.exited },
      signal,
    )
    if (outcome.is === 'ready') return { exited: guarded.exited, end: () => guarded.end(END_WITHIN_MS) }
    throw outcome.is === 'ended' ? endedEarly(outcome.code, place) : tooLate(app, place, outcome.missing)
  } catch (error) {
    await guarded.stop()
    throw error
  }
}

function tooLate({ readyWithin, port }: PlannedApp, { address, log }: AppPlace, missing: string): ChaosError {
  return new ChaosError('environment', `the app was not ready after ${formatMs(readyWithin)}: ${missing}`, {
    detail: lastLines(log),
    hint: `it is told to listen on port ${address.port} by PORT; ${
      port === undefined ? 'where it has a port of its own, give that as app.port; ' : ''
    }app.ready says what is waited for, and how long`,
  })
}

function endedEarly(code: number, { command: [program], log }: AppPlace): ChaosError {
  const detail = lastLines(log)
  if (code === NOT_FOUND)
    return new ChaosError('environment', `the app did not start: ${program}, or a program that it starts, was not found`, {
      detail,
      hint: 'programs are looked for on PATH; a path counts from the folder of the scenario',
    })
  if (code === NOT_EXECUTABLE)
    return new ChaosError('environment', `the app did not start: ${program} cannot be executed`, {
      detail,
      hint: 'give it the permission (chmod +x), or name the program that runs it, as in [node, ./shop.mjs]',
    })
  return new ChaosError('environment', `the app ended with code ${code} before it was ready`, { detail })
}

/** Load for somebody else's server would be judged as if it were the app's. */
function refuseTaken({ host, port }: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', ({ message, code }: NodeJS.ErrnoException) => {
      const what = code === 'EADDRINUSE' ? `is taken by another program` : `cannot be used: ${message}`
      reject(new ChaosError('environment', `port ${port} of the app ${what}`, { hint: 'free it, or leave app.port out for a free one' }))
    })
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()))
  })
}
