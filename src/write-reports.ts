import type { FinishedRun } from './report/finished-run.ts'
import { renderJunit } from './report/junit.ts'
import { masker, secretValues } from './report/mask.ts'
import { requestLine } from './report/ndjson.ts'
import { toResults } from './report/results.ts'
import { renderSummary } from './report/summary.ts'
import type { ResultsFolder } from './results-folder.ts'

/** Writes every report of a run, partial or whole, beside its evidence. @throws ChaosError when the disk does not take them */
export async function writeReports(folder: ResultsFolder, run: FinishedRun): Promise<void> {
  folder.assertOurs()
  folder.rewrite(['envoy.yaml', 'stubs.json', 'logs/app.log'], masker(secretValues(run.scenario)))
  folder.write('results.json', `${JSON.stringify(toResults(run), null, 2)}\n`)
  folder.write('requests.ndjson', requestLines(run))
  folder.write('junit.xml', renderJunit(run))
  folder.write('summary.txt', `${renderSummary(run, { color: false, width: 100 })}\n`)
  await folder.close()
}

function* requestLines({ observations, plan }: FinishedRun): Generator<string> {
  for (const record of observations?.records ?? []) yield `${requestLine(record, plan)}\n`
}
