import { openSync, readFileSync, writeSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { ChaosError } from '../errors.ts'
import { cannotListen } from './cannot-listen.ts'
import { controlServer } from './control.ts'
import { DeafSocket } from './deaf.ts'
import { Door } from './door.ts'
import { Journal } from './journal.ts'
import { writerTo } from './output.ts'
import { replicaServer } from './server.ts'
import type { StubReady, StubSpec } from './spec.ts'

/*
 * The stub upstream program: `node main.ts SPEC.json`, where SPEC.json, or for `-` the standard input, holds a `StubSpec`.
 *
 *   stdout  one `StubReady` line, then the journal, unless SPEC.json names a file for it: one `JournalLine` per request, as NDJSON
 *   stderr  why it stopped
 *   exit    0 after SIGTERM or SIGINT, the journal written out (requests not finished then have no line); 1 after any error,
 *           and the last line may then be cut
 */

const STDIN = 0
const STDOUT = 1
const STDERR = 2
/** How long the journal is given to drain into a reader that is behind, when the program is to stop, in ms. */
const LAST_FLUSH_MS = 2000

const write = writerTo(STDOUT)
let writeJournal = write
const journal = new Journal((text) => writeJournal(text))
let stopping = false

function say(message: string): void {
  try {
    writeSync(STDERR, `stub: ${message}\n`)
  } catch {
    // Nobody reads stderr any more; the exit code still says it.
  }
}

async function stop(exitCode: 0 | 1): Promise<void> {
  if (stopping) return
  stopping = true
  const complete = await Promise.race([
    journal.flush().then(
      () => true,
      () => false,
    ),
    sleep(LAST_FLUSH_MS, false),
  ])
  if (exitCode === 0 && !complete) say('the journal is not complete: its reader did not take it')
  process.exit(complete ? exitCode : 1)
}

function fail(message: string): Promise<void> {
  say(message)
  return stop(1)
}

/** @returns the port. @throws ChaosError naming the server and its address when it cannot be had. */
function listen(server: Server, name: string, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(name, host, port, error)))
    // The longest queue of new connections that Linux allows by default: a burst must not meet a refusal of the stub's.
    server.listen({ host, port, backlog: 4096 }, () => resolve((server.address() as AddressInfo).port))
  })
}

async function main(file: string | undefined): Promise<void> {
  if (file === undefined) return fail('usage: node main.ts SPEC.json|-')
  const spec = JSON.parse(readFileSync(file === '-' ? STDIN : file, 'utf8')) as StubSpec
  if (spec.journal !== undefined) writeJournal = writerTo(openSync(spec.journal, 'w'))
  const ports: number[] = []
  const doors: { door: Door; own: number }[] = []
  for (const server of spec.servers) {
    const name = `${server.cluster}/${server.replica}`
    const port = server.unreachable
      ? await new DeafSocket(name, spec.host).listen(server.port)
      : await listen(replicaServer(server, journal), name, spec.host, server.port)
    ports.push(port)
    // The server of the replica keeps a connection for ever.
    if (server.door !== undefined) doors.push({ door: new Door(spec.host, server, server.door), own: port })
  }
  await Promise.all(doors.map(({ door, own }) => door.start(own)))
  const steered = doors.map(({ door }) => door)
  const control = await listen(controlServer(journal, steered, spec.journal), 'control', spec.host, spec.control ?? 0)
  await write(`${JSON.stringify({ ready: { ports, control } } satisfies StubReady)}\n`)
}

process.on('SIGTERM', () => void stop(0))
process.on('SIGINT', () => void stop(0))
process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' || error.code === 'ECONNRESET') return void fail('nobody reads stdout any more')
  void fail(error instanceof ChaosError ? error.message : (error.stack ?? String(error)))
})

void main(process.argv[2])
