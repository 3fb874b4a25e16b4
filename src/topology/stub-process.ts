import { closeSync, createWriteStream, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Addresses, replicaKey } from '../envoy/addresses.ts'
import { ChaosError } from '../errors.ts'
import { programOf } from '../program.ts'
import { type ServerSpec, type StubReady, type StubSpec, TAKEN } from '../upstream/spec.ts'
import { PRIVATE, writing } from './disk.ts'
import { type Doors, doorsAt } from './doors.ts'
import { type Guarded, spawnGuarded } from './guard.ts'
import { ask } from './http.ts'
import { PortTaken } from './ports.ts'
import { lastLines } from './tail.ts'

const READY_WITHIN_MS = 10_000

export interface StubProcess {
  guarded: Guarded
  errorLog: string
  /** Writes everything out: the lines written so far, once they have all reached the journal file. */
  flush(): Promise<number>
  active(): Promise<number>
  doors: Doors
}

/**
 * Starts all stubs in one process: their journal goes to `<dir>/logs/stub.ndjson`, errors to `stub.log`.
 * @param places - where they listen, and the hops behind their doors
 * @throws PortTaken, or ChaosError with the last words of the stub
 */
export async function startStub(
  planned: StubSpec,
  places: Pick<Addresses, 'stubs' | 'doors' | 'hops'>,
  directory: string,
  signal: AbortSignal,
): Promise<StubProcess> {
  const spec: StubSpec = { ...planned, servers: planned.servers.map((server) => placed(server, places)) }
  const specFile = join(directory, 'stubs.json')
  const errorLog = join(directory, 'logs', 'stub.log')
  writing(specFile, () => writeFileSync(specFile, JSON.stringify(spec, null, 1), { mode: PRIVATE }))
  const stderr = writing(errorLog, () => openSync(errorLog, 'w'))
  const guarded = spawnGuarded([...programOf('upstream'), specFile], { stdout: 'pipe', stderr })
  closeSync(stderr)
  try {
    const journal = createWriteStream(join(directory, 'logs', 'stub.ndjson'))
    // Lines that the disk does not take are missed when the journal is counted.
    journal.on('error', () => {})
    const { ready, written } = readOutput(guarded, journal)
    const timeout = AbortSignal.timeout(READY_WITHIN_MS)
    const { control } = await Promise.race([
      ready,
      guarded.exited.then(() => Promise.reject(new Error('it ended'))),
      aborted(AbortSignal.any([signal, timeout])),
    ])
    const controlAddress = { host: spec.host, port: control }
    return {
      guarded,
      errorLog,
      async flush() {
        const { lines } = JSON.parse(await ask(controlAddress, 'POST', '/flush')) as { lines: number }
        await written(lines)
        return lines
      },
      async active() {
        return (JSON.parse(await ask(controlAddress, 'GET', '/active')) as { active: number }).active
      },
      doors: doorsAt((method, path) => ask(controlAddress, method, path)),
    }
  } catch (error) {
    await guarded.stop()
    signal.throwIfAborted()
    const detail = lastLines(errorLog)
    if (detail.some((line) => line.includes(TAKEN))) throw new PortTaken('the stub', errorLog)
    throw new ChaosError('environment', `the stub upstreams did not start: ${(error as Error).message}`, {
      detail,
      cause: error,
    })
  }
}

function placed(server: ServerSpec, { stubs, doors, hops }: Pick<Addresses, 'stubs' | 'doors' | 'hops'>): ServerSpec {
  const key = replicaKey(server.cluster, server.replica)
  const portOf = (places: Addresses['hops']) => places[key]?.port as number
  return {
    ...server,
    port: portOf(stubs),
    ...(server.door && { door: { ...server.door, port: portOf(doors), hop: portOf(hops) } }),
  }
}

/** Splits stdout into the first line, which announces the ports, and the journal. */
function readOutput(guarded: Guarded, journal: NodeJS.WritableStream) {
  let announce: (ready: StubReady['ready']) => void
  const ready = new Promise<StubReady['ready']>((resolve) => {
    announce = resolve
  })
  let head: string | undefined = ''
  let lines = 0
  const waiting: { lines: number; resolve: () => void }[] = []
  guarded.process.stdout?.on('data', (chunk: Buffer) => {
    let rest = chunk
    if (head !== undefined) {
      const end = chunk.indexOf(10)
      head += chunk.subarray(0, end === -1 ? undefined : end).toString()
      if (end === -1) return
      announce((JSON.parse(head) as StubReady).ready)
      head = undefined
      rest = chunk.subarray(end + 1)
    }
    if (rest.length === 0) return
    for (let at = rest.indexOf(10); at !== -1; at = rest.indexOf(10, at + 1)) lines++
    journal.write(rest, () => {
      for (const waiter of waiting.filter((candidate) => candidate.lines <= lines)) waiter.resolve()
    })
  })
  return {
    ready,
    /** Resolves when so many journal lines are on disk, or after 2 s: the reader of the journal compares the counts. */
    written: (count: number) =>
      new Promise<void>((resolve) => {
        const limit = setTimeout(resolve, 2000)
        const done = () => {
          clearTimeout(limit)
          resolve()
        }
        if (lines >= count) journal.write('', done)
        else waiting.push({ lines: count, resolve: done })
      }),
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(signal.reason as Error)
    if (signal.aborted) fail()
    else signal.addEventListener('abort', fail, { once: true })
  })
}
