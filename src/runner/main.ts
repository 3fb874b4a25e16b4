import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { EXIT_CODE_HEADER } from '../plan/run-answer.ts'
import { type Guarded, spawnGuarded } from '../topology/guard.ts'

/*
 * Runs an app that does its work and ends: each request to this server is one run, and the answer says how that ended.
 * So everything that can be asked of requests can be asked of runs. A process of its own, since starting programs makes a
 * process stand still.
 *
 *     main.ts HOST WITHIN_MS PROGRAM ARGS…
 *
 * The first line of stdout is the port. What the runs say goes to stderr, and into the answers. Each run finds its id in
 * its environment, and may hand it on: CHAOS_REQUEST_ID for x-request-id, TRACEPARENT for the header of that name.
 */

/** Of the output of one run, what its answer holds at most. */
const MOST_BYTES = 1 << 20
/** From the end of a run to that of its output. */
const OUTPUT_WITHIN_MS = 1000

const [host = '', withinMs = '', ...command] = process.argv.slice(2)

async function run(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { 'x-request-id': id, traceparent } = request.headers
  const env = { ...process.env, CHAOS_REQUEST_ID: String(id), TRACEPARENT: String(traceparent) }
  const guarded = spawnGuarded(command, { stdout: 'pipe', stderr: 'pipe', env })
  const output = collect(guarded)
  let isLate = false
  const limit = setTimeout(() => {
    isLate = true
    void guarded.stop()
  }, Number(withinMs))
  // Whoever asked has gone: the load was stopped.
  response.once('close', () => void guarded.stop())
  const code = await guarded.exited
  // What a run leaves behind in a session of its own may hold on to the output for ever: the run is over all the same.
  const bytes = await Promise.race([output.whole, sleep(OUTPUT_WITHIN_MS).then(output.soFar)])
  clearTimeout(limit)
  const status = isLate ? 504 : code === 0 ? 200 : 500
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', [EXIT_CODE_HEADER]: String(code) })
  response.end(bytes)
}

function collect({ process: child }: Guarded): { whole: Promise<Buffer>; soFar(): Buffer } {
  const pieces: Buffer[] = []
  let bytes = 0
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (piece: Buffer) => {
      process.stderr.write(piece)
      if (bytes < MOST_BYTES) pieces.push(piece)
      bytes += piece.length
    })
  const soFar = () => Buffer.concat(pieces)
  return { whole: new Promise((resolve) => child.once('close', () => resolve(soFar()))), soFar }
}

const server = createServer((request, response) => void run(request, response))
server.listen({ host, port: 0 }, () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
