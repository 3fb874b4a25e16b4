import { expect, test } from 'vitest'
import { EXIT } from '../../src/errors.ts'
import { readReadme, withFreshParts } from '../helpers/readme.ts'

test('the parts of the README that are made from other files are up to date (./chaos exec node test/helpers/readme.ts)', () => {
  const readme = readReadme()
  expect(readme).toBe(withFreshParts(readme))
})

test('the README lists every exit code', () => {
  const readme = readReadme()
  for (const code of Object.values(EXIT)) expect(readme).toMatch(new RegExp(`^\\| (\\d+, )?${code}(, \\d+)? \\|`, 'm'))
})
