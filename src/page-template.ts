import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NAME = 'report-page.html'
const own = import.meta.url

/** Made once a process. */
let made: string | undefined

/** The page without the data of a run: it lies beside the program, and from sources it is made when it is first needed. */
export function pageTemplate(): string {
  made ??= own.endsWith('.ts') ? fromSources() : readFileSync(fileURLToPath(new URL(`./${NAME}`, own)), 'utf8')
  return made
}

function fromSources(): string {
  const folder = mkdtempSync(join(tmpdir(), 'chaos-page-'))
  try {
    const file = join(folder, NAME)
    execFileSync(process.execPath, [fileURLToPath(new URL('../bundle-page.mjs', own)), file], { stdio: ['ignore', 'ignore', 'inherit'] })
    return readFileSync(file, 'utf8')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
