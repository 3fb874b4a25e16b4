import { join } from 'node:path'
import { pageDataOf } from './page/page-data-of.ts'
import { renderPage } from './page/render-page.ts'
import { pageTemplate } from './page-template.ts'
import { containerLog } from './plan/containers.ts'
import type { FinishedRun } from './report/finished-run.ts'
import { renderJunit } from './report/junit.ts'
import { renderMarkdown } from './report/markdown-summary.ts'
import { masker, secretValues } from './report/mask.ts'
import { requestLines } from './report/ndjson.ts'
import { openMetrics } from './report/openmetrics.ts'
import { toResults } from './report/results.ts'
import { renderSummary } from './report/summary.ts'
import type { ResultsFolder } from './results-folder.ts'
import type { Variables } from './scenario/variables.ts'
import { writeWhole } from './write-whole.ts'

/** The files that `writeReports` makes. */
export const REPORTS = ['report.html', 'results.json', 'requests.ndjson', 'junit.xml', 'summary.txt', 'summary.md', 'metrics.txt']

/** Writes every report of a run, partial or whole. @throws ChaosError when the disk does not take them */
export function writeReports(directory: string, run: FinishedRun): void {
  const write = (name: string, content: string | Iterable<string>) => writeWhole(join(directory, name), content)
  const results = toResults(run)
  write('results.json', `${JSON.stringify(results, null, 2)}\n`)
  write('report.html', renderPage(pageTemplate(), pageDataOf(run, results)))
  write('requests.ndjson', linesOf(run))
  write('junit.xml', renderJunit(run))
  write('summary.txt', `${renderSummary(run, { color: false, width: 100, plots: true })}\n`)
  write('summary.md', renderMarkdown(run))
  write('metrics.txt', openMetrics(run))
}

/**
 * The last of a run's own folder: its reports beside its evidence, and no secrets left.
 * @param variables - those that the scenario may name
 * @throws ChaosError
 */
export async function completeFolder(folder: ResultsFolder, run: FinishedRun, variables: Variables): Promise<void> {
  folder.assertOurs()
  folder.rewrite(
    ['envoy.yaml', 'stubs.json', 'logs/app.log', ...run.plan.containers.map((one) => `logs/${containerLog(one)}`)],
    masker(secretValues(run.scenario, variables)),
  )
  writeReports(folder.path, run)
  await folder.close()
}

function* linesOf(run: FinishedRun): Generator<string> {
  const line = requestLines(run)
  for (const record of run.observations?.records ?? []) yield `${line(record)}\n`
}
