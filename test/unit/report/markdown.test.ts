import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { code, fenced, prose, table, withinBytes } from '../../../src/report/markdown.ts'

/** What a reader of HTML makes of numeric references. */
const decoded = (text: string) => text.replace(/&#(\d+);/g, (_, n) => String.fromCodePoint(Number(n)))
const withoutWidth = (text: string) => text.replaceAll('\u200b', '')

describe('a sentence from outside stays text', () => {
  test.each([
    ['markup of HTML', '<img src=x onerror=alert(1)>', /[<>]/],
    ['a cell that ends', 'a | b', /\|/],
    ['code', '`rm -rf`', /`/],
    ['emphasis', '**bold** and _this_ and ~~that~~', /[*_~]/],
    ['a link', '[here](javascript:alert(1))', /[[\]]/],
    ['an image', '![x](http://example.com/x.png)', /[[\]]/],
    ['a bare link', 'see https://example.com and www.example.com', /https?:|www\./],
    ['an escape', 'a\\|b', /\\/],
    ['a second line', 'one\n\n# two\r\n- three', /[\r\n]/],
    ['mathematics', '$x$', /\$/],
    ['colours', '\u001b[31mred', /\[31m/],
    ['another direction', 'abc\u202edef', /\u202e/],
  ])('%s', (_, hostile, markup) => {
    expect(hostile).toMatch(markup)
    // The references are all that may look like markup.
    expect(prose(hostile).replaceAll(/&#\d+;/g, ' ')).not.toMatch(markup)
  })

  test('nobody is mentioned, and no issue referred to, though these are looked for after escapes are gone', () => {
    const rendered = decoded(prose('ask @octocat or @org/team about #123, acme/shop#4 and !5; a@b.example'))
    expect(rendered).not.toMatch(/[@#!]\w/)
    expect(withoutWidth(rendered)).toBe('ask @octocat or @org/team about #123, acme/shop#4 and !5; a@b.example')
  })

  test('a reference of HTML in it is shown as it is written', () => {
    expect(decoded(prose('&lt;b&gt; &#60;b&#62;')).replaceAll('\u200b', '')).toBe('&lt;b&gt; &#60;b&#62;')
  })

  test('whatever it is, its letters arrive, and no character that could be markup', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab1 <>&|`*_[]()#!~\\$@:/."\'', 'http://', 'www.') }), (text) => {
        const made = prose(text)
        expect(made.replaceAll(/&#\d+;/g, ' ')).not.toMatch(/[<>&|`*[\]#~\\$@]|http:|www\.|(^|[^a-z0-9])_|_($|[^a-z0-9])/)
        expect(withoutWidth(decoded(made))).toBe(text)
      }),
    )
  })
})

test('a value is code, and none where it is blank', () => {
  expect(code('a|b')).toBe('<code>a&#124;b</code>')
  expect(code(' ')).toBe('')
})

test('the fence of a block is longer than any in it', () => {
  expect(fenced(['echo ````; ```'], 'sh')).toBe('`````sh\necho ````; ```\n`````')
})

test('a table has its columns aligned', () => {
  expect(table(['a', 'n'], ['-', ':'], [['x', '1']])).toBe('| a | n |\n| --- | ---: |\n| x | 1 |')
})

describe('what does not fit', () => {
  // 4 + 2 + 4 + 1 bytes: a block, a blank line, a block, the end of the line. ✅ takes 3 bytes.
  const blocks = ['aaaa', '✅b']
  test('nothing is cut where all of it fits, in bytes and not in characters', () => {
    expect(withinBytes(blocks, 11, 'cut')).toBe('aaaa\n\n✅b\n')
  })
  test('else the last blocks go, and it is said', () => {
    expect(withinBytes(blocks, 10, 'cut')).toBe('aaaa\n\ncut\n')
  })
  test('the note stands alone where no block has room, and nothing where the note has none', () => {
    expect(withinBytes(blocks, 4, 'cut')).toBe('cut\n')
    expect(withinBytes(blocks, 3, 'cut')).toBe('')
  })
})
