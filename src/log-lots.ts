import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { LOGS } from './evidence/stored-run.ts'
import { linePiecesOf } from './file-chunks.ts'
import { requestIndex } from './load/client-log.ts'
import type { LogTexts } from './observe/parse-logs.ts'
import { writing } from './topology/disk.ts'

const KINDS = ['egress', 'attempts', 'hop', 'journal'] as const

/** A lot of so many requests fits the memory with room to spare. */
const REQUESTS_PER_LOT = 5_000
/** Written in batches of this size, in characters. */
const BATCH = 1 << 17

/**
 * The logs of a run in lots, as `observe` wants them: read at once where they are short, else split into files beside
 * them first, which are gone when `use` has ended.
 * @param requests - how many the load sent
 * @param bytesOf - how much of a log is of the run, by its file name; undefined: all
 */
export function withLogLots<T>(
  directory: string,
  requests: number,
  bytesOf: (name: string) => number | undefined,
  use: (lots: Iterable<LogTexts>) => T,
  perLot = REQUESTS_PER_LOT,
): T {
  const folder = join(directory, 'logs')
  if (requests <= perLot) return use([texts((kind) => readAll(folder, kind, bytesOf))])
  const split = writing(folder, () => mkdtempSync(join(folder, 'lots-')))
  try {
    const count = Math.ceil(requests / perLot)
    for (const kind of KINDS) splitLog(join(folder, LOGS[kind]), bytesOf(LOGS[kind]), kind, split, { count, perLot })
    return use({
      *[Symbol.iterator]() {
        // What carries no id of the load comes first.
        for (let lot = -1; lot < count; lot++) yield texts((kind) => readText(join(split, `${lot}-${kind}`)))
      },
    })
  } finally {
    rmSync(split, { recursive: true, force: true })
  }
}

const texts = (read: (kind: (typeof KINDS)[number]) => string): LogTexts => ({
  egress: read('egress'),
  attempts: read('attempts'),
  hop: read('hop'),
  journal: read('journal'),
})

/** A log that was never begun is an empty one. */
const readText = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '')

function readAll(folder: string, kind: (typeof KINDS)[number], bytesOf: (name: string) => number | undefined): string {
  const path = join(folder, LOGS[kind])
  return existsSync(path) ? readFileSync(path).subarray(0, bytesOf(LOGS[kind])).toString() : ''
}

/** Envoy and the stubs write ids so; in any other text of theirs a quotation mark is escaped. */
const ID = /"id":"(r-\d+)"/

function splitLog(path: string, most: number | undefined, kind: string, into: string, lots: { count: number; perLot: number }): void {
  if (!existsSync(path)) return
  const batches = new Map<number, string>()
  const flush = (lot: number) => {
    const file = join(into, `${lot}-${kind}`)
    const batch = batches.get(lot)
    if (batch) writing(file, () => appendFileSync(file, batch))
    batches.delete(lot)
  }
  for (const piece of linePiecesOf(path, most))
    for (const line of piece.toString().split('\n')) {
      if (line === '') continue
      const id = ID.exec(line)?.[1]
      const index = id === undefined ? -1 : requestIndex(id)
      const lot = index < 0 ? -1 : Math.min(Math.floor(index / lots.perLot), lots.count - 1)
      const batch = `${batches.get(lot) ?? ''}${line}\n`
      batches.set(lot, batch)
      if (batch.length > BATCH) flush(lot)
    }
  for (const lot of [...batches.keys()]) flush(lot)
}
