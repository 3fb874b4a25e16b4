import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { Results } from '../../src/report/results-schema.ts'
import { containerPlaces } from '../../src/scenario/containers.ts'
import { readScenario } from '../../src/scenario/read.ts'
import { needsDocker } from '../helpers/docker.ts'
import { withPythonLibraries } from '../helpers/python.ts'
import { chaos, judged, newFolder, ROOT, readResults } from '../helpers/run.ts'
import { FAILS_ON } from './fails-on.ts'

/** A scenario of 12 s, and again while the machine is too busy for a verdict. A wrong verdict is not tried again. */
const LIMIT_MS = 90_000

const noDocker = await needsDocker()

const names = readdirSync(join(ROOT, 'scenarios'))
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => file.replace('.yaml', ''))

const textOf = (file: string) => readFileSync(join(ROOT, 'scenarios', file), 'utf8')
/** Dotted paths of all leaves of a document, with their values. */
function leaves(value: unknown, path = ''): Map<string, unknown> {
  if (typeof value !== 'object' || value === null) return new Map([[path, value]])
  return new Map(Object.entries(value).flatMap(([key, inner]) => [...leaves(inner, `${path}.${key}`)]))
}

test('every shipped scenario has a broken twin of the same name, and the other way round', () => {
  const twins = readdirSync(join(ROOT, 'scenarios/broken')).map((file) => file.replace('.yaml', ''))
  expect(twins.sort()).toEqual([...names].sort())
  expect(Object.keys(FAILS_ON).sort()).toEqual([...names].sort())
})

/** Judged again from what is on disk, a run has the same results to the last digit. */
async function expectSameReport(run: string, code: number) {
  const results = readResults(run)
  expect(await chaos(['report', run, '--write'])).toMatchObject({ code, stderr: '' })
  expect(readResults(run)).toEqual(results)
}

type Place = 'process' | 'docker'
const UNDECIDED = /: inconclusive$/

/** How each expectation ended. */
const endings = (run: string) =>
  (readResults(run) as Results).outcomes.map(({ title, metric, asked, status }) => `${title}, ${metric} ${asked}: ${status}`)

/** What the run of a scenario needs of the environment. */
const environmentOf = (file: string) => (readScenario(file).app?.command?.[0] === 'python3' ? withPythonLibraries() : {})

async function endingsOf(file: string, place: Place): Promise<string[]> {
  const out = newFolder()
  await judged(['run', file, '--runtime', place, '--out', out, '--quiet'], { env: await environmentOf(file) })
  expect(readResults(out)).toMatchObject({ runtime: place })
  return endings(out)
}

/**
 * Each expectation ends in Docker as it does in processes. One that a run could not decide, on a machine that was too busy,
 * says nothing of where it ran: that run is made again. One that was decided is not.
 */
async function expectSameInDocker(file: string, known: string[] | undefined) {
  const ended = { process: known ?? (await endingsOf(file, 'process')), docker: await endingsOf(file, 'docker') }
  for (let left = 3; left > 0 && ended.process.join() !== ended.docker.join(); left--) {
    for (const place of ['process', 'docker'] as const)
      if (ended[place].some((ending) => UNDECIDED.test(ending))) ended[place] = await endingsOf(file, place)
  }
  expect(ended.docker).toEqual(ended.process)
}

describe.each(names)('%s', (name) => {
  test('names its schema in the first line, for editors', () => {
    expect(textOf(`${name}.yaml`).split('\n')[0]).toBe('# yaml-language-server: $schema=../schema/scenario.schema.json')
    expect(textOf(`broken/${name}.yaml`).split('\n')[0]).toBe('# yaml-language-server: $schema=../../schema/scenario.schema.json')
  })

  test('lasts at most 12 s', () => {
    const { phases } = parse(textOf(`${name}.yaml`)) as { phases: { for: string }[] }
    const seconds = phases.reduce((sum, phase) => sum + Number(/^(\d+(?:\.\d+)?)s$/.exec(phase.for)?.[1]), 0)
    expect(seconds).toBeLessThanOrEqual(12)
  })

  test('its broken twin differs in one setting', () => {
    // The apps of both lie in one place.
    const twin = textOf(`broken/${name}.yaml`).replace('../apps', './apps')
    const [sound, broken] = [leaves(parse(textOf(`${name}.yaml`))), leaves(parse(twin))]
    const differing = [...new Set([...sound.keys(), ...broken.keys()])].filter((path) => sound.get(path) !== broken.get(path))
    expect(differing).toHaveLength(1)
  })

  // These run in Docker alone: test/e2e/container-scenarios.test.ts.
  if (containerPlaces(readScenario(join(ROOT, `scenarios/${name}.yaml`))).length > 0) return

  /** Of the run in processes, for the one in Docker. */
  const ended: { sound?: string[]; broken?: string[] } = {}

  test('the claim holds: exit 0', { timeout: LIMIT_MS }, async () => {
    const out = newFolder()
    const file = join(ROOT, `scenarios/${name}.yaml`)
    const { code, stdout } = await judged(['run', file, '--out', out, '--quiet'], { env: await environmentOf(file) })
    expect(stdout).toMatch(/^PASS /m)
    expect(code).toBe(0)
    ended.sound = endings(out)
    await expectSameReport(out, 0)
  })

  test('the broken twin fails on the expectation that its setting is about: exit 1', { timeout: LIMIT_MS }, async () => {
    const out = newFolder()
    const file = join(ROOT, `scenarios/broken/${name}.yaml`)
    const { code, stdout } = await judged(['run', file, '--out', out, '--quiet'], { env: await environmentOf(file) })
    expect(stdout).toMatch(/^FAIL /m)
    expect(code).toBe(1)
    const { outcomes } = readResults(out) as Results
    expect(outcomes.filter(({ status }) => status === 'fail')).toContainEqual(expect.objectContaining(FAILS_ON[name]))
    ended.broken = endings(out)
    await expectSameReport(out, 1)
  })

  test.skipIf(noDocker)('in Docker every expectation ends as it does in processes', { timeout: 2 * LIMIT_MS }, () =>
    expectSameInDocker(join(ROOT, `scenarios/${name}.yaml`), ended.sound),
  )

  test.skipIf(noDocker)('in Docker every expectation of the broken twin ends as it does in processes', { timeout: 2 * LIMIT_MS }, () =>
    expectSameInDocker(join(ROOT, `scenarios/broken/${name}.yaml`), ended.broken),
  )
})
