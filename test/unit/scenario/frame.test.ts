import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatPath } from '../../../src/scenario/finding.ts'
import { formatProblem, frame } from '../../../src/scenario/frame.ts'

test('a problem is printed with its place, the line and a caret', () => {
  const problem = {
    file: 'a.yaml',
    line: 5,
    col: 7,
    message: 'unknown key "percentage"',
    hint: 'did you mean "percent"?',
    frame: frame('      percentage: 250', 5, 7),
  }
  expect(formatProblem(problem)).toMatchInlineSnapshot(`
    "a.yaml:5:7: unknown key "percentage"
      did you mean "percent"?
        5 |       percentage: 250
          |       ^"
  `)
})

test('the caret stands under its character, whatever the line holds, and a terminal of 120 columns holds it', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', ' ', '\t', 'é', ':'), maxLength: 400 }), fc.nat(399), (line, at) => {
      const col = Math.min(at, line.length) + 1
      const [text = '', caret = ''] = frame(line, 7, col).split('\n')
      expect(text.length).toBeLessThanOrEqual(122)
      expect(text[caret.indexOf('^')] ?? '').toBe((line[col - 1] ?? '').replace('\t', ' '))
    }),
  )
})

test('wide characters take two columns, combining ones none', () => {
  expect(frame('在: x', 1, 4).split('\n')[1]).toBe('      |     ^')
  expect(frame('e\u0301: x', 1, 5).split('\n')[1]).toBe('      |    ^')
})

test('control characters do not reach the terminal', () =>
  expect(frame('a\u001b[31mb\u0007\u202e', 1, 1)).toBe('    1 | a·[31mb··\n      | ^'))

test.each([
  [['phases', 1, 'faults', 0, 'percent'], 'phases[1].faults[0].percent'],
  [['upstreams', 'my stock'], 'upstreams["my stock"]'],
  [[], ''],
] as const)('%j is written %j', (path, text) => expect(formatPath(path)).toBe(text))
