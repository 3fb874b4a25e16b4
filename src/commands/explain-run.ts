import { existsSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { ChaosError } from '../errors.ts'
import type { RequestRecord } from '../observe/record.ts'
import { renderRequest, renderRun, requestJson, runJson } from '../report/explain-run.ts'
import type { FinishedRun } from '../report/finished-run.ts'
import { EVIDENCE } from '../stored-evidence.ts'
import { tell, tellJson, terminalOf } from '../terminal.ts'
import { rejudge } from './report.ts'

/** The folder of a run, named by itself or by a file in it that stands for it; undefined for anything else. */
export function runFolder(path: string): string | undefined {
  if (existsSync(path) && statSync(path).isDirectory()) return path
  return [EVIDENCE, 'results.json'].includes(basename(path)) ? dirname(path) : undefined
}

/** Tells what happened in a run, or to one request of it, from its evidence. @throws ChaosError */
export function explainRun(directory: string, id: string | undefined, flags: { json?: boolean; color: boolean }): void {
  const run = rejudge(directory)
  const look = terminalOf(process.stdout, flags.color)
  const say = (text: string, json: () => unknown) =>
    flags.json ? tellJson(JSON.stringify(json(), null, 2)) : tell(process.stdout, `${text}\n`)
  if (id === undefined) {
    say(renderRun(run, look), () => runJson(run))
    return
  }
  const record = find(id, run)
  say(renderRequest(record, run, look), () => requestJson(record, run))
}

/** A number alone is taken for an id, too. */
function find(id: string, { observations }: FinishedRun): RequestRecord {
  const records = observations?.records
  const asked = /^\d+$/.test(id) ? `r-${id}` : id
  const found = records?.find((record) => record.id === asked)
  if (found) return found
  if (!records || records.length === 0) throw new ChaosError('badInput', 'no request of this run was stored')
  const wanted = Number(/\d+/.exec(id)?.[0] ?? Number.NaN)
  const last = records.length
  const nearest = Number.isNaN(wanted) ? undefined : `the nearest is r-${Math.min(Math.max(wanted, 1), last)}`
  throw new ChaosError('badInput', `there is no request ${JSON.stringify(id)}: those of this run are r-1 to r-${last}`, {
    hint: nearest ?? 'chaos explain RUN names those that are worth a look',
  })
}
