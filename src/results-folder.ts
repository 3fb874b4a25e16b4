import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { StatsSnapshot } from './envoy/stats.ts'
import { ChaosError } from './errors.ts'
import type { StoredRun } from './evidence/stored-run.ts'
import { LineFile } from './line-file.ts'
import type { RawEvidence } from './observe/observe.ts'
import type { Plan } from './plan/plan.ts'
import { EVIDENCE, renderStored, withEvidence } from './stored-evidence.ts'
import { cannotWrite } from './topology/disk.ts'
import { writeWhole } from './write-whole.ts'

/** Written from the start of a run on, so that it tells a folder of results from any other. */
const STATS = 'stats.ndjson'
/** What a run writes. Of an earlier run nothing may stay: Envoy would add to its logs, and old requests would be counted. */
const WRITTEN = [
  STATS,
  EVIDENCE,
  'report.html',
  'results.json',
  'requests.ndjson',
  'junit.xml',
  'summary.txt',
  'summary.md',
  'metrics.txt',
  'envoy.yaml',
  'stubs.json',
  'logs',
]

/** The folder that a run's evidence and reports go to. It is opened before anything starts, so that a bad path costs no minutes. */
export class ResultsFolder {
  readonly path: string
  readonly #stats: LineFile

  constructor(path: string) {
    this.path = path
    this.#stats = new LineFile(join(path, STATS))
  }

  get id(): string {
    return basename(this.path)
  }

  /** One line of `stats.ndjson`: Envoy's stats at a moment, in ms after the start of the load. */
  writeStats(atMs: number, stats: StatsSnapshot): void {
    this.#stats.write(JSON.stringify({ at: Math.round(atMs * 10) / 10, stats }))
  }

  write(name: string, content: string | Iterable<string>): void {
    writeWhole(join(this.path, name), content)
  }

  /** What the run is, and how it ended. @throws ChaosError */
  writeEvidence(run: StoredRun): void {
    this.assertOurs()
    this.write(EVIDENCE, renderStored(run))
  }

  /** Everything that a verdict on the run is made from. @throws ChaosError */
  withEvidence<T>(run: StoredRun, plan: Plan, use: (raw: RawEvidence | null) => T): T {
    this.assertOurs()
    return withEvidence(this.path, run, plan, use)
  }

  /** Rewrites files that must hold secrets while the run lasts; one that was never written is left out. */
  rewrite(names: readonly string[], change: (text: string) => string): void {
    for (const name of names) {
      const path = join(this.path, name)
      if (existsSync(path)) this.write(name, change(readFileSync(path, 'utf8')))
    }
  }

  /** @throws ChaosError when another run, or somebody, has cleared the folder: what lies there is not the evidence of this run */
  assertOurs(): void {
    if (this.#stats.isLinked) return
    throw new ChaosError('environment', `${this.path} was cleared during the run: its evidence is lost, and nothing was written there`, {
      hint: 'give each run that goes on at the same time an --out of its own',
    })
  }

  /** Waits until the stats are on disk. @throws ChaosError when they could not be written, at any time of the run. */
  close(): Promise<void> {
    return this.#stats.close()
  }
}

/**
 * @param out - the folder the user asked for; `chaos-results/<time>-<name>` where none was
 * @throws ChaosError when it cannot be made, or holds something that is not the result of a run
 */
export function openResultsFolder(out: string | undefined, name: string, now: Date): ResultsFolder {
  try {
    if (out !== undefined) {
      if (existsSync(out)) clearEarlierRun(out)
      mkdirSync(out, { recursive: true })
      return new ResultsFolder(out)
    }
    mkdirSync('chaos-results', { recursive: true })
    const stem = join('chaos-results', `${now.toISOString().slice(0, 19).replaceAll(':', '-')}-${name}`)
    for (let n = 1; ; n++) {
      const path = n === 1 ? stem : `${stem}-${n}`
      if (makeNew(path)) return new ResultsFolder(path)
    }
  } catch (error) {
    throw error instanceof ChaosError ? error : cannotWrite(out ?? 'chaos-results', error)
  }
}

/** Two runs may begin in the same second: whoever makes the folder has it. */
function makeNew(path: string): boolean {
  try {
    mkdirSync(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** @throws ChaosError where `out` holds something that is not the result of a run */
export function checkResultsFolder(out: string): void {
  const found = existsSync(out) && statSync(out).isDirectory() ? readdirSync(out) : []
  if (found.length > 0 && !found.includes(STATS)) {
    throw new ChaosError('badInput', `--out ${out} holds files that are not the results of a run (${found.slice(0, 3).join(', ')})`, {
      hint: 'name a new folder, or an empty one',
    })
  }
}

function clearEarlierRun(out: string): void {
  checkResultsFolder(out)
  for (const name of WRITTEN) rmSync(join(out, name), { recursive: true, force: true })
}
