import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { flow, flowList } from '../../../src/init/flow.ts'

test.each([
  ['node', 'node'],
  ['./shop.mjs', './shop.mjs'],
  ['two words', 'two words'],
  ["it's", "it's"],
  // What a reader would take for something else.
  ['8080', '"8080"'],
  ['null', '"null"'],
  ['no', '"no"'],
  ['', '""'],
  ['a: b', '"a: b"'],
  ['a #b', '"a #b"'],
  ['a, b', '"a, b"'],
  ['*a', '"*a"'],
  ['a\nb', '"a\\nb"'],
  ['é', '"é"'],
  [8080, '8080'],
])('flow(%j) is %s', (value, written) => {
  expect(flow(value)).toBe(written)
})

test('whatever text it is, it reads back as the same from one line, wherever in it', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { minLength: 1, maxLength: 4 }), (words) => {
      const line = `{ a: ${flowList(words)}, b: ${flow(words[0] as string)} } # comment`
      expect(line).not.toMatch(/[\n\r]/)
      expect(parse(line)).toEqual({ a: words, b: words[0] })
      expect(parse(`a: ${flow(words[0] as string)} # comment`)).toEqual({ a: words[0] })
    }),
  )
})
