import { existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { writing } from './topology/disk.ts'

/**
 * Writes a file whole or not at all: whoever reads it meanwhile, or after a sudden death, has the one before. A file that
 * is replaced stays as private as it was.
 * @throws ChaosError
 */
export function writeWhole(path: string, content: string | Iterable<string>): void {
  const draft = `${path}.tmp`
  writing(path, () => {
    try {
      writeFileSync(draft, '', { mode: existsSync(path) ? statSync(path).mode & 0o777 : 0o666 })
      for (const batch of typeof content === 'string' ? [content] : batched(content)) writeFileSync(draft, batch, { flag: 'a' })
      renameSync(draft, path)
    } catch (error) {
      rmSync(draft, { force: true })
      throw error
    }
  })
}

/** Few large pieces in place of many small ones. */
function* batched(pieces: Iterable<string>): Generator<string> {
  let batch = ''
  for (const piece of pieces) {
    batch += piece
    if (batch.length > 1 << 20) {
      yield batch
      batch = ''
    }
  }
  yield batch
}
