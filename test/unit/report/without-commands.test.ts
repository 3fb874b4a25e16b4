import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonWithoutCommands, withoutCommands } from '../../../src/report/without-commands.ts'

/**
 * Whether GitHub's runner would look for a command in a line: as ActionCommand.TryParseV2 and TryParse do, whatever its
 * name, and as a comparison by culture that passes over characters without width.
 */
function isCommand(line: string): boolean {
  const seen = line.replace(/\p{Cf}/gu, '')
  const second = /^\s*::/.test(seen) && seen.trimStart().indexOf('::', 2) >= 0
  const first = seen.indexOf('##[')
  return second || (first >= 0 && seen.indexOf(']', first) >= 0)
}
const lines = (text: string) => text.split(/\r\n|[\r\n]/)

const HOSTILE = [
  '::error file=x::taken over',
  '    ::add-mask::e',
  '\t\u00a0::stop-commands::abc',
  '\u200b::set-output name=a::b',
  'a\r::warning::b',
  'a\n\n  ::debug::b\n::debug::c',
  ':::error::x',
  'app: ##[add-mask]e',
  '###[error]x ##[group]y',
  '##[##[error]]',
]

test.each(HOSTILE)('%j is a command, and none any more', (text) => {
  expect(lines(text).some(isCommand)).toBe(true)
  expect(lines(withoutCommands(text)).filter(isCommand)).toEqual([])
})

test('no text is a command', () => {
  const piece = fc.constantFrom(':', '::', '#', '##[', '[', ']', ' ', '\t', '\n', '\r', '\u00a0', '\ufeff', '\u200b', 'error', 'x')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
      expect(lines(withoutCommands(pieces.join(''))).filter(isCommand)).toEqual([])
    }),
    { numRuns: 2000 },
  )
})

test('all else stays as it is', () => {
  const plain = 'scenarios/a.yaml:3:7: std::string is no rate\n  ✓ p99  <= 150ms  #1 [a]'
  expect(withoutCommands(plain)).toBe(plain)
})

test('JSON keeps its values, and has no command', () => {
  const json = JSON.stringify({ a: ['##[error]x', '::error::y'] }, null, 2)
  expect(JSON.parse(jsonWithoutCommands(json))).toEqual(JSON.parse(json))
  expect(lines(jsonWithoutCommands(json)).filter(isCommand)).toEqual([])
})
