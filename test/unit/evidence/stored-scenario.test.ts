import { readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { hideSecrets } from '../../../src/evidence/hide-secrets.ts'
import { planShape } from '../../../src/evidence/plan-shape.ts'
import { restoreScenario, storeScenario } from '../../../src/evidence/stored-scenario.ts'
import { compilePlan } from '../../../src/plan/compile.ts'
import { readScenario } from '../../../src/scenario/read.ts'
import type { Scenario } from '../../../src/scenario/scenario.ts'
import { claimsOf } from '../../../src/verdict/claim.ts'

const FOLDER = resolve(import.meta.dirname, '../../../scenarios')
const files = readdirSync(FOLDER, { recursive: true })
  .map(String)
  .filter((file) => file.endsWith('.yaml'))

const stored = (scenario: Scenario) => JSON.parse(JSON.stringify(storeScenario(scenario, hideSecrets(scenario).document)))
const places = (scenario: Scenario) => scenario.expect.flatMap((each, i) => claimsOf(each, i).map(({ path }) => scenario.locate(path)))
/** All but its functions, and where it was read from. */
const plain = ({ text: _, folder: __, ...rest }: Scenario) => JSON.parse(JSON.stringify(rest))

describe.each(files)('%s', (file) => {
  const scenario = readScenario(resolve(FOLDER, file))
  const restored = restoreScenario(stored(scenario), scenario.seed)

  test('is the same when it was stored and read back', () => {
    expect(plain(restored)).toEqual(plain(scenario))
    expect(places(restored)).toEqual(places(scenario))
  })

  test('is planned into the same shape', () => {
    expect(planShape(compilePlan(restored))).toBe(planShape(compilePlan(scenario)))
  })
})

test('the seed of the run counts, not that of the file', () => {
  const scenario = readScenario(resolve(FOLDER, 'quickstart.yaml'))
  expect(restoreScenario(stored(scenario), 99).seed).toBe(99)
})

test('what this version cannot read is refused, with the reason', () => {
  const { document, ...rest } = stored(readScenario(resolve(FOLDER, 'quickstart.yaml')))
  expect(() => restoreScenario({ ...rest, document: { ...document, weather: 'fine' } }, 1)).toThrow(/cannot be read by this version/)
})
