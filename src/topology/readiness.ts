import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Address } from '../envoy/addresses.ts'
import { request } from '../node-http.ts'
import type { Readiness } from '../plan/plan.ts'
import type { Ms } from '../units.ts'

const POLL_MS = 10
/** Of one try to see whether it is ready: one that hangs says no. */
const ANSWER_WITHIN_MS = 1000
/** Docker's own process takes connections for a container that takes none, and closes them within a millisecond or so. */
const HELD_FOR_MS = 50

export interface Starting {
  ready: Readiness
  readyWithin: Ms
  /** Where it can be asked from here. */
  address: Address
  /** Whether something else listens there, and hands on what comes to a container. */
  isForwarded: boolean
  /** All that it said so far. */
  said(): string | Promise<string>
  exited: Promise<number>
}

/** What became of it: an exit code where it ended, or what is still missing where it took too long. */
export type Outcome = { is: 'ready' } | { is: 'ended'; code: number } | { is: 'late'; missing: string }

/** Waits until a program can take load. @throws the reason of the signal */
export async function awaitReadiness(starting: Starting, signal: AbortSignal): Promise<Outcome> {
  const deadline = performance.now() + starting.readyWithin
  let ended: number | undefined
  const end = starting.exited.then((code) => {
    ended = code
  })
  for (;;) {
    const asked = missingOf(starting)
    await Promise.race([asked, end])
    signal.throwIfAborted()
    if (ended !== undefined) return { is: 'ended', code: ended }
    const missing = await asked
    if (missing === undefined) return { is: 'ready' }
    if (performance.now() > deadline) return { is: 'late', missing }
    await sleep(POLL_MS)
  }
}

async function missingOf({ ready, address, isForwarded, said }: Starting): Promise<string | undefined> {
  switch (ready.by) {
    case 'http':
      return await answers(address, ready.path)
    case 'port':
      return await accepts(address, isForwarded)
    case 'log':
      return (await said()).includes(ready.text) ? undefined : `its output has no ${JSON.stringify(ready.text)}`
  }
}

function answers(address: Address, path: string): Promise<string | undefined> {
  const what = `GET http://${address.host}:${address.port}${path}`
  return new Promise((resolve) => {
    const asked = request({ ...address, path, agent: false, timeout: ANSWER_WITHIN_MS }, (response) => {
      response.resume()
      const { statusCode = 0 } = response
      resolve(statusCode >= 200 && statusCode < 400 ? undefined : `${what} answered ${statusCode}`)
    })
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${ANSWER_WITHIN_MS} ms`)))
    asked.on('error', (error) => resolve(`${what} failed: ${error.message}`))
    asked.end()
  })
}

function accepts(address: Address, isForwarded: boolean): Promise<string | undefined> {
  const where = `${address.host}:${address.port}`
  return new Promise((resolve) => {
    const socket = connect(address)
    const over = (missing: string | undefined) => {
      socket.destroy()
      resolve(missing)
    }
    socket.setTimeout(ANSWER_WITHIN_MS, () => over(`connecting to ${where} took too long`))
    socket.on('connect', () => (isForwarded ? setTimeout(over, HELD_FOR_MS, undefined) : over(undefined)))
    socket.on('close', () => over(`a connection to ${where} was closed at once`))
    socket.on('error', (error) => over(error.message))
    socket.resume()
  })
}
