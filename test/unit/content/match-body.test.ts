import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Body } from '../../../src/content/answer.ts'
import { type BodyTest, matchBody } from '../../../src/content/match-body.ts'

const whole = (text: string): Body => ({ text, bytes: Buffer.byteLength(text), whole: true })
/** The beginning of a body that was longer than what is kept. */
const begun = (text: string, bytes = 20_000): Body => ({ text, bytes, whole: false })
const is = (asked: BodyTest, body: Body | null, error: string | null = null, encoding?: string) =>
  matchBody(asked, { body, error, headers: body && { fields: encoding === undefined ? {} : { 'content-encoding': encoding } } }).is

const STOCK = '{"stock":3,"items":[{"id":1,"name":"a"},{"id":2,"name":"b"}],"note":null}'

describe('a whole body', () => {
  test.each<[asked: BodyTest, body: string, is: string]>([
    [{ op: 'equals', text: 'ok' }, 'ok', 'met'],
    [{ op: 'equals', text: 'ok' }, 'ok\n', 'missed'],
    [{ op: 'equals', text: 'ok' }, 'o', 'missed'],
    [{ op: 'equals', text: '' }, '', 'met'],
    [{ op: 'equals', text: 'é' }, 'é', 'met'],
    [{ op: 'contains', text: 'stock' }, STOCK, 'met'],
    [{ op: 'contains', text: 'Stock' }, STOCK, 'missed'],
    [{ op: 'lacks', text: 'error' }, STOCK, 'met'],
    [{ op: 'lacks', text: 'error' }, '{"error":"no stock"}', 'missed'],
    [{ op: 'matches', text: '"stock":\\d+' }, STOCK, 'met'],
    [{ op: 'matches', text: '^"stock"' }, STOCK, 'missed'],
    [{ op: 'matches', text: '(?i)STOCK' }, STOCK, 'met'],
    [{ op: 'json', value: { stock: 3 } }, STOCK, 'met'],
    [{ op: 'json', value: { stock: '3' } }, STOCK, 'missed'],
    [{ op: 'json', value: { stock: 3, more: 1 } }, STOCK, 'missed'],
    [{ op: 'json', value: { items: [{ id: 1 }, { id: 2 }] } }, STOCK, 'met'],
    [{ op: 'json', value: { items: [{ id: 1 }] } }, STOCK, 'missed'],
    [{ op: 'json', value: { items: [] } }, STOCK, 'missed'],
    [{ op: 'json', value: { note: null } }, STOCK, 'met'],
    [{ op: 'json', value: { note: {} } }, STOCK, 'missed'],
    [{ op: 'json', value: {} }, '[]', 'missed'],
    [{ op: 'json', value: [] }, '{}', 'missed'],
    [{ op: 'json', value: { toString: 1 } }, '{}', 'missed'],
    [{ op: 'json', value: {} }, 'upstream request timeout', 'missed'],
    [{ op: 'json', value: {} }, '', 'missed'],
    [{ op: 'path', path: '$.stock', value: 3 }, STOCK, 'met'],
    [{ op: 'path', path: '$.stock', value: 4 }, STOCK, 'missed'],
    [{ op: 'path', path: '$.items[*].name', value: 'a' }, STOCK, 'missed'],
    [{ op: 'path', path: '$.items[0].name', value: 'a' }, STOCK, 'met'],
    [{ op: 'path', path: '$.none', value: null }, STOCK, 'missed'],
    [{ op: 'path', path: '$.note', value: null }, STOCK, 'met'],
    [{ op: 'path', path: '$.items[?@.id > 1]', value: { name: 'b' } }, STOCK, 'met'],
    [{ op: 'no_path', path: '$.error' }, STOCK, 'met'],
    [{ op: 'no_path', path: '$.error' }, '{"error":null}', 'missed'],
    [{ op: 'no_path', path: '$.error' }, 'an error', 'missed'],
    [{ op: 'stack_trace' }, STOCK, 'met'],
    [{ op: 'stack_trace' }, 'Error: x\n    at f (/app/x.js:1:2)', 'missed'],
  ])('%j of %s: %s', (asked, body, expected) => expect(is(asked, whole(body))).toBe(expected))
})

const ALL: BodyTest[] = [
  { op: 'equals', text: 'abc' },
  { op: 'contains', text: 'b' },
  { op: 'lacks', text: 'z' },
  { op: 'matches', text: 'b' },
  { op: 'json', value: {} },
  { op: 'path', path: '$', value: {} },
  { op: 'no_path', path: '$.error' },
  { op: 'stack_trace' },
]
const NEGATIVE = ['lacks', 'no_path', 'stack_trace']

describe('what is not known in full', () => {
  test.each(ALL)('$op is never met by a body that was not kept, that is binary or compressed', (asked) => {
    expect(is(asked, { kept: false })).toBe('unknown')
    expect(is(asked, { binary: true, bytes: 3 })).toBe('unknown')
    for (const encoding of ['gzip', 'br', 'deflate', 'zstd']) expect(is(asked, whole('{"b":1}'), null, encoding)).toBe('unknown')
    expect(is(asked, whole('{"b":1}'), null, 'identity')).not.toBe('unknown')
  })

  test.each(ALL)('$op: no answer, and one that broke off, are no match', (asked) => {
    expect(is(asked, null, 'hung up')).toBe(NEGATIVE.includes(asked.op) ? 'none' : 'missed')
    expect(is(asked, begun('abc', 3), 'broke off')).toBe(NEGATIVE.includes(asked.op) ? 'unknown' : 'missed')
    expect(is(asked, { binary: true, bytes: 3 }, 'broke off')).toBe(NEGATIVE.includes(asked.op) ? 'unknown' : 'missed')
  })

  test.each<[asked: BodyTest, is: string]>([
    [{ op: 'contains', text: 'error' }, 'met'],
    [{ op: 'contains', text: 'stock' }, 'unknown'],
    [{ op: 'lacks', text: 'error' }, 'missed'],
    [{ op: 'lacks', text: 'stock' }, 'unknown'],
    [{ op: 'equals', text: 'an error' }, 'missed'],
    [{ op: 'equals', text: 'x'.repeat(20_000) }, 'missed'],
    [{ op: 'equals', text: 'an error'.padEnd(20_000) }, 'unknown'],
    [{ op: 'matches', text: 'error$' }, 'unknown'],
    [{ op: 'json', value: {} }, 'unknown'],
    [{ op: 'stack_trace' }, 'unknown'],
  ])('%j of "an error", the beginning of 20,000 bytes: %s', (asked, expected) => expect(is(asked, begun('an error'))).toBe(expected))

  test('a number of more digits than JavaScript has is not taken for its neighbour', () => {
    const body = whole('{"id":9007199254740993}')
    // biome-ignore lint/correctness/noPrecisionLoss: that is the point
    expect(is({ op: 'json', value: { id: 9007199254740993 } }, body)).toBe('unknown')
    expect(is({ op: 'path', path: '$.id', value: 9007199254740992 }, body)).toBe('unknown')
    expect(is({ op: 'json', value: { id: 7 } }, body)).toBe('missed')
  })

  test('JSON that is nested beyond reading is not known', () => {
    const body = whole('['.repeat(8000) + ']'.repeat(8000))
    expect(is({ op: 'no_path', path: '$..error' }, body)).toBe('unknown')
  })
})

const word = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '\n'), maxLength: 6 })

test('a body that is cut short is never judged otherwise than the whole of it would be', () => {
  fc.assert(
    fc.property(word, word, fc.nat(6), fc.constantFrom('equals', 'contains', 'lacks', 'matches'), (text, asked, cut, op) => {
      const kept = [...text].slice(0, cut).join('')
      const of = is({ op, text: asked } as BodyTest, { text: kept, bytes: Buffer.byteLength(text), whole: kept === text })
      if (of !== 'unknown') expect(of).toBe(is({ op, text: asked } as BodyTest, whole(text)))
    }),
  )
})

test('what a JSON value holds of itself is all of it', () => {
  fc.assert(
    fc.property(fc.json({ noUnicodeString: false } as object), (text) => {
      const value: unknown = JSON.parse(text)
      expect(is({ op: 'json', value }, whole(text))).not.toBe('missed')
      expect(is({ op: 'path', path: '$', value }, whole(text))).not.toBe('missed')
    }),
  )
})

describe('a body of which the evidence hides secrets', () => {
  const hiding = (text: string): Body => ({ text, bytes: 99, whole: true, hidden: true })
  test.each<[asked: BodyTest, body: string, is: string]>([
    // What is found is there, be it the placeholder of the same secret.
    [{ op: 'contains', text: 'your key' }, 'your key: ***2', 'met'],
    [{ op: 'contains', text: '***2' }, 'your key: ***2', 'met'],
    [{ op: 'equals', text: 'your key: ***2' }, 'your key: ***2', 'met'],
    [{ op: 'lacks', text: '***2' }, 'your key: ***2', 'missed'],
    // Another secret, or one that is not told from others.
    [{ op: 'contains', text: '***1' }, 'your key: ***12', 'unknown'],
    [{ op: 'lacks', text: '***1' }, 'your key: ***12', 'unknown'],
    [{ op: 'equals', text: 'your key: ***' }, 'your key: ***', 'unknown'],
    // What is not found may be what was hidden.
    [{ op: 'lacks', text: 's3cret-token' }, 'your key: ***2', 'unknown'],
    [{ op: 'contains', text: 's3cret-token' }, 'your key: ***2', 'unknown'],
    [{ op: 'equals', text: 'your key: s3cret-token' }, 'your key: ***2', 'unknown'],
    [{ op: 'matches', text: '^your key: ' }, 'your key: ***2', 'unknown'],
    [{ op: 'json', value: { key: 's3cret-token' } }, '{"key":"***2"}', 'unknown'],
    [{ op: 'stack_trace' }, 'your key: ***2', 'met'],
  ])('%j of %j: %s', (asked, body, expected) => expect(is(asked, hiding(body))).toBe(expected))
})
