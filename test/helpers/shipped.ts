import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compilePlan } from '../../src/plan/compile.ts'
import { dueBetween } from '../../src/plan/due.ts'
import { containerPlaces } from '../../src/scenario/containers.ts'
import { readScenario } from '../../src/scenario/read.ts'
import { withPythonLibraries } from './python.ts'
import { chaosProgram } from './run.ts'

/** The scenarios that chaos ships, each with its broken twin. Whoever adds a pair adds no line here. */

const FOLDER = join(chaosProgram, '../scenarios')

const namesIn = (folder: string) =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.replace('.yaml', ''))
    .sort()

export const shipped: readonly string[] = namesIn(FOLDER)
export const twins: readonly string[] = namesIn(join(FOLDER, 'broken'))

export type Twin = 'sound' | 'broken'
export const fileOf = (name: string, twin: Twin) => join(FOLDER, twin === 'sound' ? '.' : 'broken', `${name}.yaml`)
export const textOf = (name: string, twin: Twin) => readFileSync(fileOf(name, twin), 'utf8')

/** Those with a container of the user's own run in Docker alone. */
export const needsContainers = (name: string) => containerPlaces(readScenario(fileOf(name, 'sound'))).length > 0

/** Requests a second in its busiest phase; a closed loop takes what it gets. */
export function busiestRate(name: string): number {
  const { load, phases } = compilePlan(readScenario(fileOf(name, 'sound')))
  if (load.kind !== 'open') return Number.POSITIVE_INFINITY
  const rates = phases.map(({ from, to }) => {
    const [first, end] = dueBetween(load, from, to)
    return ((end - first) * 1000) / (to - from)
  })
  return Math.max(...rates)
}

/** What the run of a scenario needs of the environment. */
export const environmentOf = (file: string) => (readScenario(file).app?.command?.[0] === 'python3' ? withPythonLibraries() : {})
