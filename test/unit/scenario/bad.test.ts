import { readdirSync, realpathSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ChaosError } from '../../../src/errors.ts'
import { formatProblem } from '../../../src/scenario/frame.ts'
import { readScenario } from '../../../src/scenario/read.ts'

// Each file of test/fixtures/bad has its whole message beside it. To change messages: edit, run vitest with -u, read the diff.
const FOLDER = 'test/fixtures/bad'
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'))

test('there are bad scenarios of many kinds', () => {
  expect(files.length).toBeGreaterThan(40)
})

test.each(files)('%s is refused, with the place and what was expected', async (file) => {
  const error = refusal(`${FOLDER}/${file}`)
  const text = [error.message, ...error.problems.map(formatProblem), ...(error.hint === undefined ? [] : [error.hint])].join('\n\n')
  // Where the checkout lies is no part of the message.
  await expect(`${text.replaceAll(realpathSync('.'), '<checkout>')}\n`).toMatchFileSnapshot(
    `../../fixtures/bad/${file.replace('.yaml', '.txt')}`,
  )
})

test.each(files)('%s gives messages fit for people', (file) => {
  const { problems } = refusal(`${FOLDER}/${file}`)
  expect(problems.length).toBeGreaterThan(0)
  for (const { message, hint = '', line, col, frame } of problems) {
    expect(`${message} ${hint}`).not.toMatch(/undefined|\[object|Invalid input|Too small|Too big|NaN|Unrecognized/)
    expect(message).toMatch(/^[^A-Z]/)
    expect(line).toBeGreaterThan(0)
    expect(col).toBeGreaterThan(0)
    for (const row of frame?.split('\n') ?? []) expect(row.length).toBeLessThanOrEqual(124)
  }
})

function refusal(file: string): ChaosError {
  try {
    readScenario(file)
  } catch (error) {
    if (error instanceof ChaosError && error.kind === 'badInput') return error
    throw error
  }
  throw new Error(`${file} was accepted`)
}
