import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Results } from '../../src/report/results-schema.ts'
import { containerPlaces } from '../../src/scenario/containers.ts'
import { readScenario } from '../../src/scenario/read.ts'
import { needsDocker } from '../helpers/docker.ts'
import { chaos, judged, newFolder, ROOT, readResults } from '../helpers/run.ts'
import { FAILS_ON } from './fails-on.ts'

/** The shipped scenarios that run in Docker alone; all others are those of scenarios.test.ts. */
const names = readdirSync(join(ROOT, 'scenarios'))
  .filter((file) => file.endsWith('.yaml') && containerPlaces(readScenario(join(ROOT, 'scenarios', file))).length > 0)
  .map((file) => file.replace('.yaml', ''))

const LIMIT_MS = 120_000

test('there are such', () => expect(names.length).toBeGreaterThan(0))

describe.skipIf(await needsDocker()).each(names)('%s', (name) => {
  test('the claim holds, in Docker without being asked to: exit 0', { timeout: LIMIT_MS }, async () => {
    const out = newFolder()
    const { code, stdout } = await judged(['run', join(ROOT, `scenarios/${name}.yaml`), '--out', out, '--quiet'])
    expect(stdout).toMatch(/^PASS /m)
    expect(code).toBe(0)
    const results = readResults(out)
    expect(results).toMatchObject({ runtime: 'docker' })
    // Judged again from what is on disk, without any container.
    expect(await chaos(['report', out, '--write'])).toMatchObject({ code: 0, stderr: '' })
    expect(readResults(out)).toEqual(results)
  })

  test('the broken twin fails on the expectation that its setting is about: exit 1', { timeout: LIMIT_MS }, async () => {
    const out = newFolder()
    const { code, stdout } = await judged(['run', join(ROOT, `scenarios/broken/${name}.yaml`), '--out', out, '--quiet'])
    expect(stdout).toMatch(/^FAIL /m)
    expect(code).toBe(1)
    const { outcomes } = readResults(out) as Results
    expect(outcomes.filter(({ status }) => status === 'fail')).toContainEqual(expect.objectContaining(FAILS_ON[name]))
  })
})
