import { closeSync, openSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Address } from '../envoy/addresses.ts'
import { ChaosError } from '../errors.ts'
import { request } from '../node-http.ts'
import type { PlannedApp } from '../plan/plan.ts'
import { formatMs } from '../units.ts'
import { writing } from './disk.ts'
import { spawnGuarded } from './guard.ts'
import { lastLines } from './tail.ts'

const POLL_MS = 10
/** Of one try to see whether it is ready: one that hangs says no. */
const ANSWER_WITHIN_MS = 1000
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
export async function startApp({ ready, readyWithin, port }: PlannedApp, place: AppPlace, signal: AbortSignal): Promise<AppProcess> {
  if (port !== undefined) await refuseTaken(place.address)
  const log = writing(place.log, () => openSync(place.log, 'w'))
  const guarded = spawnGuarded(place.command, { stdout: log, stderr: log, env: place.env, cwd: place.cwd })
  closeSync(log)
  try {
    const deadline = performance.now() + readyWithin
    let ended: number | undefined
    const end = guarded.exited.then((code) => {
      ended = code
    })
    for (let state = ''; ; ) {
      const asked = stateOf(ready, place)
      await Promise.race([asked, end])
      signal.throwIfAborted()
      if (ended !== undefined) throw endedEarly(ended, place)
      state = await asked
      if (state === READY) return { exited: guarded.exited, end: () => guarded.end(END_WITHIN_MS) }
      if (performance.now() > deadline) {
        throw new ChaosError('environment', `the app was not ready after ${formatMs(readyWithin)}: ${state}`, {
          detail: lastLines(place.log),
          hint: `it is told to listen on port ${place.address.port} by PORT; app.port, app.ready and its within say what is waited for, and how long`,
        })
      }
      await sleep(POLL_MS)
    }
  } catch (error) {
    await guarded.stop()
    throw error
  }
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

const READY = 'ready'

/** `ready`, or what is still missing. */
function stateOf(ready: PlannedApp['ready'], { address, log }: AppPlace): Promise<string> | string {
  switch (ready.by) {
    case 'http':
      return answers(address, ready.path)
    case 'port':
      return accepts(address)
    case 'log':
      return readFileSync(log, 'utf8').includes(ready.text) ? READY : `its output has no ${JSON.stringify(ready.text)}`
  }
}

function answers(address: Address, path: string): Promise<string> {
  const what = `GET http://${address.host}:${address.port}${path}`
  return new Promise((resolve) => {
    const asked = request({ ...address, path, agent: false, timeout: ANSWER_WITHIN_MS }, (response) => {
      response.resume()
      const { statusCode = 0 } = response
      resolve(statusCode >= 200 && statusCode < 400 ? READY : `${what} answered ${statusCode}`)
    })
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${ANSWER_WITHIN_MS} ms`)))
    asked.on('error', (error) => resolve(`${what} failed: ${error.message}`))
    asked.end()
  })
}

function accepts(address: Address): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(address)
    const over = (state: string) => {
      socket.destroy()
      resolve(state)
    }
    socket.setTimeout(ANSWER_WITHIN_MS, () => over(`connecting to ${address.host}:${address.port} took too long`))
    socket.on('connect', () => over(READY))
    socket.on('error', (error) => over(error.message))
  })
}
