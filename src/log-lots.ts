import { appendFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { LOGS } from './evidence/stored-run.ts'
import { linePiecesOf, linesOf } from './file-chunks.ts'
import { collectNowAndThen } from './lean-heap.ts'
import { requestIndex } from './load/client-log.ts'
import { claimedId } from './load/identity.ts'
import type { EgressLine, LogLines } from './observe/parse-logs.ts'
import { writing } from './topology/disk.ts'

/** In this order: what the egress log says of a call decides on the lot of its other lines. */
const KINDS = ['egress', 'attempts', 'hop', 'journal'] as const

/** What is made of a lot of so many requests is some megabytes, and gone before the next. */
const REQUESTS_PER_LOT = 250

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
  use: (lots: Iterable<LogLines>) => T,
  perLot = REQUESTS_PER_LOT,
): T {
  const folder = join(directory, 'logs')
  if (requests <= perLot) return use([logs((kind) => linesIn(join(folder, LOGS[kind]), bytesOf(LOGS[kind])))])
  const split = writing(folder, () => mkdtempSync(join(folder, 'lots-')))
  try {
    const count = Math.ceil(requests / perLot)
    const elsewhere = new Set<string>()
    for (const kind of KINDS) splitLog(join(folder, LOGS[kind]), bytesOf(LOGS[kind]), kind, split, { count, perLot, elsewhere })
    return use({
      *[Symbol.iterator]() {
        // What carries no id of the load comes first.
        for (let lot = -1; lot < count; lot++) {
          collectNowAndThen()
          yield logs((kind) => linesIn(join(split, `${lot}-${kind}`)))
        }
      },
    })
  } finally {
    rmSync(split, { recursive: true, force: true })
  }
}

const logs = (linesOfKind: (kind: (typeof KINDS)[number]) => Iterable<string>): LogLines => ({
  egress: linesOfKind('egress'),
  attempts: linesOfKind('attempts'),
  hop: linesOfKind('hop'),
  journal: linesOfKind('journal'),
})

/** A log that was never begun is an empty one. Read line by line whenever it is gone through: as one text it would be garbage of its own size. */
const linesIn = (path: string, most?: number): Iterable<string> => ({
  [Symbol.iterator]: () => (existsSync(path) ? linesOf(path, most) : [][Symbol.iterator]()),
})

/** Envoy and the stubs write ids so; in any other text of theirs a quotation mark is escaped. */
const ID = /"id":"(r-\d+)(?:\.[0-9a-f]+)?"/
const CALL = /"call":"([^"\\]+)"/

interface Lots {
  count: number
  perLot: number
  /** Calls that `app.id_header` gives to another request than x-request-id: they may be of any lot. */
  elsewhere: Set<string>
}

/** Whether the lot of a line is not that of its id: an app may hold on to one id, and hand on the header of its own. */
function isElsewhere(line: string, kind: string, id: string, { elsewhere }: Lots): boolean {
  const call = CALL.exec(line)?.[1]
  if (call === undefined) return false
  if (kind === 'egress' && line.includes('"own":"') && claims(line) !== id) elsewhere.add(call)
  return elsewhere.has(call)
}

/** The request that a line of the egress log gives its call to; one that was cut off gives it to none. */
function claims(line: string): string | null {
  try {
    return claimedId(JSON.parse(line) as EgressLine)
  } catch {
    return null
  }
}

function splitLog(path: string, most: number | undefined, kind: string, into: string, lots: Lots): void {
  if (!existsSync(path)) return
  for (const piece of linePiecesOf(path, most)) {
    collectNowAndThen()
    // A line is a slice of its piece: none is kept beyond it, or it would keep all of that.
    const batches = new Map<number, string>()
    for (const line of piece.toString().split('\n')) {
      if (line === '') continue
      const id = ID.exec(line)?.[1]
      const index = id === undefined ? -1 : requestIndex(id)
      const lot =
        id === undefined || index < 0 || isElsewhere(line, kind, id, lots) ? -1 : Math.min(Math.floor(index / lots.perLot), lots.count - 1)
      batches.set(lot, `${batches.get(lot) ?? ''}${line}\n`)
    }
    for (const [lot, batch] of batches) {
      const file = join(into, `${lot}-${kind}`)
      writing(file, () => appendFileSync(file, batch))
    }
  }
}
