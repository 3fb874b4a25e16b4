import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { FAMILIES, type FamilyName, type MetricFamily } from '../../src/report/metric-families.ts'
import { openMetrics } from '../../src/report/openmetrics.ts'
import { runTool } from '../../src/topology/tool.ts'
import { withPythonLibraries } from '../helpers/python.ts'
import { newFolder } from '../helpers/run.ts'
import { anyRun } from '../unit/report/any-run.ts'
import { failed, interrupted, neverStarted, run } from '../unit/report/sample-run.ts'

/**
 * By Prometheus' own client, which takes nothing that is not in the specification: types, units, order, times, escapes. Of
 * a histogram with several times it drops all but the first bucket of the later ones (0.26.0), so each time is read alone.
 */
const PARSE = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
HISTOGRAM = 'chaos_request_duration_seconds'
for name in sys.argv[1:]:
    with open(name) as file:
        text = file.read()
    assert text.endswith('# EOF\\n')
    lines = text.split('\\n')
    meta = [line for line in lines if line.startswith('#') and HISTOGRAM in line]
    moments = {}
    for line in lines:
        if line.startswith(HISTOGRAM):
            moments.setdefault(line.rsplit(' ', 1)[1], []).append(line)
    rest = [line for line in lines if HISTOGRAM not in line]
    documents = ['\\n'.join(rest)] + ['\\n'.join([*meta, *own, '# EOF', '']) for own in moments.values()]
    families = [family for document in documents for family in parse(document)]
    print(json.dumps([[f.name, f.type, f.unit, sorted({key for s in f.samples for key in s.labels})] for f in families]))
`

let env: Record<string, string>
let folder: string
beforeAll(async () => {
  env = await withPythonLibraries('tests')
  folder = newFolder()
})

async function parsed(runs: readonly Parameters<typeof openMetrics>[0][]): Promise<[FamilyName, string, string, string[]][][]> {
  const files = runs.map((one, i) => {
    const file = join(folder, `${i}.txt`)
    writeFileSync(file, [...openMetrics(one)].join(''))
    return file
  })
  const { output, exitCode } = await runTool('python3', ['-c', PARSE, ...files], { env: { ...process.env, ...env } })
  expect(exitCode, output).toBe(0)
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

test('a strict parser of OpenMetrics takes it, with the families, types, units and labels that are told of', async () => {
  for (const families of await parsed([run(), failed(), interrupted(), neverStarted()]))
    for (const [name, type, unit, labels] of families) {
      const family: MetricFamily = FAMILIES[name]
      expect([type, unit]).toEqual([family.type, family.unit ?? ''])
      expect(labels.filter((label) => label !== 'le').sort()).toEqual(['run', ...family.labels].sort())
    }
})

test('whatever a run holds, it is a document of OpenMetrics', async () => {
  const inTime = fc.sample(anyRun, { numRuns: 60, seed: 7 }).map(({ observations, ...rest }) => ({
    ...rest,
    // Times of phases are those of a clock.
    observations: observations && {
      ...observations,
      phases: observations.phases.map((phase, i) => ({ ...phase, from: i * 10_000, to: (i + 1) * 10_000 })),
    },
  }))
  await parsed(inTime)
})
