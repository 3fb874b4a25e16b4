import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ChaosError } from './errors.ts'
import { readClientLines } from './evidence/client-lines.ts'
import { FORMAT, LOGS, type LogName, type StoredEnd, type StoredRun, storedRunSchema } from './evidence/stored-run.ts'
import type { RawEvidence } from './observe/observe.ts'
import type { PhaseTimes } from './observe/timeline.ts'
import type { Plan } from './plan/plan.ts'

export const EVIDENCE = 'evidence.json'

const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex')

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
    throw new ChaosError('badInput', `${directory} is not the folder of a run: there is no ${EVIDENCE} in it`, {
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
      const content = contentOf(directory, name)
      return content === null ? [] : [[name, { bytes: content.length, sha256: sha256(content) }]]
    }),
  )
}

/** @throws ChaosError when the logs are not those of the run any more; for one that was killed nobody can tell */
export function checkLogs(directory: string, { end }: StoredRun): void {
  for (const [name, was] of Object.entries(end?.files ?? {})) {
    const content = contentOf(directory, name, end?.files)
    if (content === null) throw damaged(join(directory, 'logs', name), 'it is gone')
    if (content.length < was.bytes) throw damaged(join(directory, 'logs', name), `it has ${content.length} bytes of ${was.bytes}`)
    if (sha256(content) !== was.sha256) throw damaged(join(directory, 'logs', name), 'it was changed after the run')
  }
}

/**
 * The evidence as it lies in the folder of a run.
 * @returns null where no load was played
 * @throws ChaosError when a part of it is missing
 */
export function readEvidence(directory: string, { end }: Pick<StoredRun, 'end'>, plan: Plan): RawEvidence | null {
  const text = (log: LogName) => textOf(directory, log, end?.files)
  const read = readClientLines(text('client'), plan.load)
  if (end?.load && read?.lines !== end.load.requests) {
    throw damaged(join(directory, 'logs', LOGS.client), `it has ${read?.lines ?? 0} requests of ${end.load.requests}`)
  }
  if (read === null) return null
  read.client.clockShift = end?.load?.clock_shift_ms ?? 0
  return {
    client: read.client,
    phases: phasesIn(text('phases')),
    last: end?.load?.last ?? {},
    logs: readLogs(directory, end?.load?.journal_lines ?? null, end?.files),
  }
}

/** @param journalLines - how many the stubs say they wrote; null where they could not be asked */
export function readLogs(directory: string, journalLines: number | null, files?: Files): RawEvidence['logs'] {
  const text = (log: LogName) => textOf(directory, log, files)
  const journal = text('journal')
  return {
    egress: text('egress'),
    attempts: text('attempts'),
    hop: text('hop'),
    journal,
    journalLines: journalLines ?? journal.split('\n').length - 1,
  }
}

type Files = StoredEnd['files']

/** A log that was never begun is an empty one. */
const textOf = (directory: string, log: LogName, files?: Files) => contentOf(directory, LOGS[log], files)?.toString() ?? ''

/** @param files - the logs at the end of the run: what comes after that is left out */
function contentOf(directory: string, name: string, files?: Files): Buffer | null {
  const path = join(directory, 'logs', name)
  return existsSync(path) ? readFileSync(path).subarray(0, files?.[name]?.bytes) : null
}

/** The last line of a run that was killed may be cut off: its phase was not over. */
function phasesIn(text: string): PhaseTimes[] {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as PhaseTimes)
}

const damaged = (path: string, how: string) =>
  new ChaosError('environment', `the evidence is damaged: ${path}: ${how}`, {
    hint: 'nothing can be said of this run any more: run it again',
  })

const show = (value: unknown) => (value === undefined ? 'none' : JSON.stringify(value))
