import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cells, clip, padEnd, padStart, printable, wrap, wrapClauses } from '../../../src/report/layout.ts'

test.each([
  ['abc', 3],
  ['基準', 4],
  ['🐢', 2],
  ['e\u0301', 1],
  ['👩‍💻', 2],
  ['\u001b[31mred\u001b[39m', 3],
  ['✓ → …', 5],
])('%s takes %i cells', (text, width) => expect(cells(text)).toBe(width))

test('a wide character is not cut in two', () => {
  expect(clip('基準基準', 6)).toBe('基準…')
  expect(padEnd(clip('基準基準', 4), 4)).toBe('基… ')
})

test('padding counts cells, not characters', () => {
  expect([padEnd('基', 4), padStart('基', 4)]).toEqual(['基  ', '  基'])
})

test('lines break at blanks, later ones hang', () => {
  expect(wrap('the quick  brown fox', 12, '- ', '  ')).toEqual(['- the quick', '  brown fox'])
})

test('a word that fits no line is cut', () => {
  expect(wrap('abcdefgh ij', 5)).toEqual(['abcde', 'fgh', 'ij'])
})

test('clauses stay together where they fit', () => {
  expect(wrapClauses('cut after 300 ms; met a delay; unseen', 24, '', '  ')).toEqual(['cut after 300 ms;', '  met a delay; unseen'])
})

test('no wrapped line is wider than asked, and no word is lost', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.integer({ min: 8, max: 80 }), (any, width) => {
      const text = printable(any)
      for (const breakUp of [wrap, wrapClauses]) {
        const lines = breakUp(text, width, '> ', '  ')
        for (const line of lines) expect(cells(line)).toBeLessThanOrEqual(width)
        expect(
          lines
            .map((line) => line.slice(2))
            .join('')
            .replaceAll(/\s/g, ''),
        ).toBe(text.replaceAll(/\s/g, ''))
      }
    }),
  )
})

test('what is printable stays on its line and cannot steer the terminal', () => {
  expect(printable('a\r\nb\tc\u001b[2Jd\u0007e\u202ef\u2028g')).toBe('a b cdef g')
})
