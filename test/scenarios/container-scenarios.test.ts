import { describe, expect, test } from 'vitest'
import { needsDocker } from '../helpers/docker.ts'
import { needsContainers, shipped } from '../helpers/shipped.ts'
import { expectSameReport, runShipped } from '../helpers/shipped-run.ts'
import { BLAMES, expectBlamed } from './blames.ts'
import { FAILS_ON } from './fails-on.ts'

/** The shipped scenarios that run in Docker alone; all others are those of scenarios.test.ts. */
const names = shipped.filter(needsContainers)

const LIMIT_MS = 120_000

test('there are such', () => expect(names.length).toBeGreaterThan(0))

describe.skipIf(await needsDocker()).concurrent.each(names)('%s', (name) => {
  test('the claim holds, in Docker without being asked to: exit 0', { timeout: LIMIT_MS }, async () => {
    const sound = await runShipped(name, 'sound')
    expect(sound.stdout).toMatch(/^PASS /m)
    expect(sound.code).toBe(0)
    expect(sound.results).toMatchObject({ runtime: 'docker' })
    expectBlamed(sound.results, undefined)
    await expectSameReport(sound)
  })

  test('the broken twin fails on the expectation that its setting is about: exit 1', { timeout: LIMIT_MS }, async () => {
    const broken = await runShipped(name, 'broken')
    expect(broken.stdout).toMatch(/^FAIL /m)
    expect(broken.code).toBe(1)
    expect(broken.results.outcomes.filter(({ status }) => status === 'fail')).toContainEqual(expect.objectContaining(FAILS_ON[name]))
    expectBlamed(broken.results, BLAMES[name])
  })
})
