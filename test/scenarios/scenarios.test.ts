import { describe, expect, test } from 'vitest'
import { needsDocker } from '../helpers/docker.ts'
import { busiestRate, needsContainers, shipped, type Twin } from '../helpers/shipped.ts'
import { expectSameReport, runShipped, runShippedAgain, type ShippedRun } from '../helpers/shipped-run.ts'
import { BLAMES, expectBlamed } from './blames.ts'
import { FAILS_ON } from './fails-on.ts'

/** A scenario of 12 s, and again while the machine is too busy for a verdict. A wrong verdict is not tried again. */
const LIMIT_MS = 120_000

/** How each expectation ended. */
const endings = ({ results }: ShippedRun) =>
  results.outcomes.map(({ title, metric, asked, status }) => `${title}, ${metric} ${asked}: ${status}`)
const UNDECIDED = /: inconclusive$/
/** So often the runs of an expectation that the machine was too busy for are made again, at most. */
const AGAIN = 5

/**
 * Each expectation ends in Docker as it does in processes. One that a run could not decide, on a machine that was too busy,
 * says nothing of where it ran: that run is made again. One that was decided is not.
 */
async function expectSameInDocker(name: string, twin: Twin, inProcesses: ShippedRun) {
  const inDocker = await runShipped(name, twin, 'docker')
  expect(inProcesses.results).toMatchObject({ runtime: 'process' })
  expect(inDocker.results).toMatchObject({ runtime: 'docker' })
  const ended = { process: endings(inProcesses), docker: endings(inDocker) }
  for (let left = AGAIN; left > 0 && ended.process.join() !== ended.docker.join(); left--) {
    for (const place of ['process', 'docker'] as const)
      if (ended[place].some((ending) => UNDECIDED.test(ending))) ended[place] = endings(await runShippedAgain(name, twin, place))
  }
  expect(ended.docker).toEqual(ended.process)
}

const noDocker = await needsDocker()

/** Two at once with so many requests a second each leave room on two cores. One with more is run by itself. */
const HALF_A_MACHINE = 210
const isLight = (name: string) => busiestRate(name) <= HALF_A_MACHINE
// The others run in Docker alone: container-scenarios.test.ts.
const names = shipped.filter((name) => !needsContainers(name))

describe.concurrent.each(names.filter(isLight))('%s', inBothRuntimes)
describe.each(names.filter((name) => !isLight(name)))('%s', inBothRuntimes)

function inBothRuntimes(name: string): void {
  const runs = new Map<Twin, Promise<ShippedRun>>()
  /** The run in processes, made once; the one in Docker is compared with it. */
  function inProcesses(twin: Twin): Promise<ShippedRun> {
    const run = runs.get(twin) ?? runShipped(name, twin, 'process')
    runs.set(twin, run)
    return run
  }

  test('the claim holds: exit 0', { timeout: LIMIT_MS }, async () => {
    const sound = await inProcesses('sound')
    expect(sound.stdout).toMatch(/^PASS /m)
    expect(sound.code).toBe(0)
    expectBlamed(sound.results, undefined)
    await expectSameReport(sound)
  })

  test('the broken twin fails on the expectation that its setting is about: exit 1', { timeout: LIMIT_MS }, async () => {
    const broken = await inProcesses('broken')
    expect(broken.stdout).toMatch(/^FAIL /m)
    expect(broken.code).toBe(1)
    expect(broken.results.outcomes.filter(({ status }) => status === 'fail')).toContainEqual(expect.objectContaining(FAILS_ON[name]))
    expectBlamed(broken.results, BLAMES[name])
    await expectSameReport(broken)
  })

  test.skipIf(noDocker)('in Docker every expectation ends as it does in processes', { timeout: 2 * LIMIT_MS }, async () =>
    expectSameInDocker(name, 'sound', await inProcesses('sound')),
  )

  test.skipIf(noDocker)(
    'in Docker every expectation of the broken twin ends as it does in processes',
    { timeout: 2 * LIMIT_MS },
    async () => expectSameInDocker(name, 'broken', await inProcesses('broken')),
  )
}
