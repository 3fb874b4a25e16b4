import { afterAll, expect } from 'vitest'
import type { Results } from '../../src/report/results-schema.ts'
import { chaos, type Finished, judged, newFolder, readResults } from './run.ts'
import { environmentOf, fileOf, type Twin } from './shipped.ts'

/** The run of a shipped scenario. */
export interface ShippedRun extends Finished {
  out: string
  results: Results
}

let made = 0
const madeAgain: string[] = []

// More of them than now and then: the tests take more of the machine than they gain by running two at once.
afterAll(() => {
  const which = madeAgain.map((run) => `\n  ${run}`).join('')
  // biome-ignore lint/suspicious/noConsole: vitest lets nothing else of a worker through.
  console.warn(`${made} runs of shipped scenarios, ${madeAgain.length} of them because the machine was too busy${which}`)
})

/**
 * Runs it to its verdict, again while the machine was too busy for one.
 * @param place - undefined where the scenario says so itself
 */
export async function runShipped(name: string, twin: Twin, place?: 'process' | 'docker'): Promise<ShippedRun> {
  const out = newFolder()
  const file = fileOf(name, twin)
  const args = ['run', file, ...(place === undefined ? [] : ['--runtime', place]), '--out', out, '--quiet']
  made++
  const onAgain = () => {
    made++
    madeAgain.push(`${name}, ${twin}, ${place ?? 'where it says'}`)
  }
  const finished = await judged(args, { env: await environmentOf(file) }, onAgain)
  // Bad input and a broken machine leave no outcomes; what was said of them does not get lost.
  expect(finished).toMatchObject({ code: expect.toBeOneOf([0, 1, 4]) })
  return { ...finished, out, results: readResults(out) }
}

/** The same once more, for an expectation that the machine was too busy for. */
export function runShippedAgain(name: string, twin: Twin, place: 'process' | 'docker'): Promise<ShippedRun> {
  madeAgain.push(`${name}, ${twin}, ${place}: one expectation`)
  return runShipped(name, twin, place)
}

/** Judged again from what is on disk, without Envoy, a run has the same results to the last digit. */
export async function expectSameReport({ out, code, results }: ShippedRun): Promise<void> {
  expect(await chaos(['report', out, '--write'])).toMatchObject({ code, stderr: '' })
  expect(readResults(out)).toEqual(results)
}
