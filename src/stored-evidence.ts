import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ChunkFile } from './chunk-file.ts'
import { ChaosError } from './errors.ts'
import { readClientLines } from './evidence/client-lines.ts'
import { FORMAT, LOGS, type LogName, type StoredEnd, type StoredRun, storedRunSchema } from './evidence/stored-run.ts'
import { chunksOf, linesOf } from './file-chunks.ts'
import { keepNewSpace, keepOldSpaceLean } from './lean-heap.ts'
import { withLogLots } from './log-lots.ts'
import type { RawEvidence } from './observe/observe.ts'
import type { PhaseTimes } from './observe/timeline.ts'
import type { Plan } from './plan/plan.ts'

export const EVIDENCE = 'evidence.json'

const sha256 = (content: string) => createHash('sha256').update(content).digest('hex')

/** evidence.json, with a check of its own: what was changed later is no evidence. */
export function renderStored(run: StoredRun): string {
  return `${JSON.stringify({ ...run, sha256: sha256(JSON.stringify(run)) }, null, 1)}\n`
}

/**
 * What a folder says of the run that it is of.
 * @throws ChaosError `badInput` where it is of none that can be read, `environment` where it was damaged
 */
export function readStored(directory: string): StoredRun {
  const path = join(directory, EVIDENCE)
  if (!existsSync(path)) {
    const why = existsSync(directory) ? `there is no ${EVIDENCE} in it` : 'it does not exist'
    throw new ChaosError('badInput', `${directory} is not the folder of a run: ${why}`, {
      hint: 'name a folder that chaos run has written, such as one below chaos-results/',
    })
  }
  const stored = parse(path)
  if (stored.format !== FORMAT) {
    throw new ChaosError('badInput', `${path} has the format ${show(stored.format)}, and this version of chaos reads ${FORMAT}`, {
      hint: typeof stored.chaos_version === 'string' ? `it was written by chaos ${stored.chaos_version}` : 'was it written by chaos?',
    })
  }
  const { sha256: check, ...rest } = stored
  const read = storedRunSchema.safeParse(rest)
  if (check !== sha256(JSON.stringify(rest)) || !read.success) throw damaged(path, 'it was changed after the run')
  return read.data
}

function parse(path: string): Record<string, unknown> {
  try {
    return { ...JSON.parse(readFileSync(path, 'utf8')) }
  } catch {
    throw damaged(path, 'it is not whole')
  }
}

/** The logs of a run as they are now. What is added later, by an app that calls Envoy as it ends, is no part of it. */
export function describeLogs(directory: string): Files {
  return Object.fromEntries(
    Object.values(LOGS).flatMap((name) => {
      const log = describe(join(directory, 'logs', name))
      return log === null ? [] : [[name, log]]
    }),
  )
}

/** @param most - bytes; what was added later is left out */
function describe(path: string, most?: number): { bytes: number; sha256: string } | null {
  if (!existsSync(path)) return null
  const hash = createHash('sha256')
  let bytes = 0
  for (const chunk of chunksOf(path, most)) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return { bytes, sha256: hash.digest('hex') }
}

/** @throws ChaosError when the logs are not those of the run any more; for one that was killed nobody can tell */
export function checkLogs(directory: string, { end }: StoredRun): void {
  for (const [name, was] of Object.entries(end?.files ?? {})) {
    const path = join(directory, 'logs', name)
    const is = describe(path, was.bytes)
    if (is === null) throw damaged(path, 'it is gone')
    if (is.bytes < was.bytes) throw damaged(path, `it has ${is.bytes} bytes of ${was.bytes}`)
    if (is.sha256 !== was.sha256) throw damaged(path, 'it was changed after the run')
  }
}

/** The records of so many requests take a megabyte of memory. */
const MANY = 20_000

/**
 * Makes something of the evidence that lies in the folder of a run.
 * @param use - given null where no load was played; the logs are at hand only until it returns
 * @throws ChaosError when a part of it is missing
 */
export function withEvidence<T>(directory: string, { end }: Pick<StoredRun, 'end'>, plan: Plan, use: (raw: RawEvidence | null) => T): T {
  keepOldSpaceLean()
  keepNewSpace()
  const bytesOf = (name: string) => end?.files[name]?.bytes
  const path = (log: LogName) => join(directory, 'logs', LOGS[log])
  const lines = (log: LogName) => (existsSync(path(log)) ? linesOf(path(log), bytesOf(LOGS[log])) : [])
  const read = readClientLines(lines('client'), plan.load)
  if (end?.load && read?.lines !== end.load.requests) {
    throw damaged(path('client'), `it has ${read?.lines ?? 0} requests of ${end.load.requests}`)
  }
  if (read === null) return use(null)
  read.client.clockShift = end?.load?.clock_shift_ms ?? 0
  const { client } = read
  const phases = phasesIn(path('phases'))
  const outlier = [...lines('outlier')].join('\n')
  // Where the stubs could not be asked, what they wrote is all there is.
  const journalLines = end?.load?.journal_lines ?? 0
  return withLogLots(directory, client.count, bytesOf, (lots) =>
    use({
      client,
      phases,
      last: end?.load?.last ?? {},
      ...(client.count > MANY ? { records: new ChunkFile(join(directory, 'logs', `records-${process.pid}`)) } : {}),
      logs: { lots, outlier, journalLines },
    }),
  )
}

type Files = StoredEnd['files']

/** The last line of a run that was killed may be cut off: its phase was not over. @throws ChaosError when another one is broken */
function phasesIn(path: string): PhaseTimes[] {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  return whole.split('\n').flatMap((line, i) => {
    if (line === '') return []
    try {
      return [JSON.parse(line) as PhaseTimes]
    } catch {
      throw damaged(path, `its line ${i + 1} is broken: did two runs write there at once?`)
    }
  })
}

const damaged = (path: string, how: string) =>
  new ChaosError('environment', `the evidence is damaged: ${path}: ${how}`, {
    hint: 'nothing can be said of this run any more: run it again',
  })

const show = (value: unknown) => (value === undefined ? 'none' : JSON.stringify(value))
