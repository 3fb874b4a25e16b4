import { expect, test } from 'vitest'
import { ChaosError } from '../../../src/errors.ts'
import { renderError } from '../../../src/report/errors.ts'

const plain = { color: false, width: 80 }
const problem = (line: number, more = {}) => ({
  file: 'slow.yaml',
  line,
  col: 17,
  message: 'expected a duration such as 250ms, got "250"',
  ...more,
})

test('several problems stand apart, each with its frame and hint, and are counted at the end', () => {
  const frame = '  5 |     timeout: 250\n    |              ^^^\n'
  const error = new ChaosError('badInput', 'slow.yaml is not a valid scenario', {
    problems: [problem(5, { frame, hint: 'write 250ms' }), problem(9)],
  })
  expect(renderError(error, plain)).toMatchInlineSnapshot(`
    "chaos: slow.yaml is not a valid scenario

    slow.yaml:5:17: expected a duration such as 250ms, got "250"
      5 |     timeout: 250
        |              ^^^
      hint: write 250ms

    slow.yaml:9:17: expected a duration such as 250ms, got "250"

    2 problems in slow.yaml"
  `)
})

test('a single problem that is the whole message is said once', () => {
  const only = problem(5)
  expect(renderError(new ChaosError('badInput', only.message, { problems: [only] }), plain)).toMatchInlineSnapshot(
    `"slow.yaml:5:17: expected a duration such as 250ms, got "250""`,
  )
})

test('an error of the machine has its evidence indented and its hint below', () => {
  const error = new ChaosError('environment', 'envoy was not ready after 10000 ms', {
    detail: ['[critical] \u001b[31mno such field', 'exited with 1'],
    hint: 'see chaos doctor\nor --verbose',
  })
  expect(renderError(error, plain)).toMatchInlineSnapshot(`
    "chaos: envoy was not ready after 10000 ms
        [critical] no such field
        exited with 1
      hint: see chaos doctor
            or --verbose"
  `)
})

test('problems in several files are counted by file', () => {
  const error = new ChaosError('badInput', 'two files are wrong', { problems: [problem(1), problem(2, { file: 'fast.yaml' })] })
  expect(renderError(error, plain).split('\n').at(-1)).toBe('2 problems in 2 files')
})

test('the place is coloured, so that the eye finds it', () => {
  expect(renderError(new ChaosError('badInput', 'x', { problems: [problem(5)] }), { color: true, width: 80 })).toContain(
    '\u001b[36mslow.yaml:5:17\u001b[39m: expected',
  )
})
