import { expect, test } from 'vitest'
import { tooOld } from '../../src/node-version.ts'

test.each([
  ['22.22.0', false],
  ['22.22.1', false],
  ['22.9.0', true],
  ['20.99.9', true],
  ['24.0.0', false],
  ['100.1.0', false],
])('where 22.22.0 is needed, Node %s is too old: %s', (version, isTooOld) => {
  expect(tooOld(version, '22.22.0') !== undefined).toBe(isTooOld)
})

test('what is needed is what package.json says, and it is told with what there is', () => {
  expect(tooOld('20.20.2')).toMatch(/^chaos: this is Node\.js 20\.20\.2, and chaos needs \d+\.\d+\.\d+ or newer\nhint: /)
  expect(tooOld(process.versions.node)).toBeUndefined()
})
