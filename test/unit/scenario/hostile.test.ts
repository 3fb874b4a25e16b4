import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ChaosError } from '../../../src/errors.ts'
import { parseScenario } from '../../../src/scenario/parse.ts'
import { EXAMPLE } from './example.ts'

/** Accepted, or refused as a person's mistake: nothing else may come out. */
function survives(text: string): number {
  try {
    parseScenario(text, 'here.yaml', () => '1\n')
    return 0
  } catch (error) {
    if (!(error instanceof ChaosError)) throw error
    expect(error.kind).toBe('badInput')
    expect(error.problems.length).toBeGreaterThan(0)
    for (const problem of error.problems) {
      expect(`${problem.message} ${problem.hint ?? ''}`).not.toMatch(/undefined|\[object|Invalid input/)
      expect(problem.line).toBeGreaterThan(0)
      expect(problem.col).toBeGreaterThan(0)
      expect(problem.line).toBeLessThanOrEqual(text.split('\n').length)
    }
    return error.problems.length
  }
}

const PIECES = [
  '',
  ' ',
  '\n',
  '\t',
  ':',
  ': ',
  '- ',
  '{',
  '}',
  '[',
  ']',
  ',',
  '"',
  "'",
  '#',
  '&a ',
  '*a',
  '!x ',
  '|',
  '>',
  '%',
  '@',
  '`',
  '?',
  '? ',
  '---\n',
  '...\n',
  '<<: *a',
  '.nan',
  '-.inf',
  '~',
  'null',
  'true',
  '0x1F',
  '1e400',
  '-1',
  '9007199254740993',
  '2026-01-01',
  '__proto__',
  'constructor: ',
  '\u0000',
  '\u2028',
  '\ud800',
  '\ufeff',
  '\r',
  'é',
  '📦',
  '!!binary ',
  '%YAML 1.1\n---\n',
]

test('any change of a sound scenario is accepted or refused with a place, never worse', () => {
  const change = fc.record({
    at: fc.nat(EXAMPLE.length),
    drop: fc.nat(12),
    put: fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 6 })),
  })
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      let text = EXAMPLE
      for (const { at, drop, put } of changes) text = text.slice(0, at) + put + text.slice(at + drop)
      survives(text)
    }),
    { numRuns: 300 },
  )
}, 60_000)

test('lines that change places are accepted or refused with a place', () => {
  const lines = EXAMPLE.split('\n')
  fc.assert(
    fc.property(fc.shuffledSubarray(lines, { minLength: 1 }), (some) => {
      survives(some.join('\n'))
    }),
    { numRuns: 300 },
  )
}, 60_000)

test('any value of any shape in any place is accepted or refused with a place', () => {
  const keys = [
    'name',
    'seed',
    'upstreams',
    'envoy',
    'load',
    'phases',
    'expect',
    'cart',
    'latency',
    'p50',
    'p99',
    'samples',
    'routes',
    'match',
    'cluster',
    'requests',
    'GET',
    'headers',
    'faults',
    'delay',
    'when',
    'header',
    'status',
    'timeouts',
    'given',
    'rate',
    'for',
    'phase',
  ]
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom(1, 0, -1, 1.5, 'x', '', '1s', '/', '10/s', '>= 1', null, true),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...keys), tie('tree'), { maxKeys: 6 }),
    ),
  }))
  fc.assert(
    fc.property(tree, (value) => {
      survives(JSON.stringify(value))
    }),
    // A list in a list, which no hint can spell.
    { numRuns: 300, examples: [[{ upstreams: { name: [['>= 1', {}]] } }]] },
  )
}, 60_000)

describe('files made to do harm end, refused', () => {
  const bomb = [
    'a: &a [x, x, x, x, x, x, x, x, x]',
    ...Array.from(
      { length: 20 },
      (_, i) =>
        `k${i}: &${String.fromCharCode(98 + i)} [${Array(9)
          .fill(`*${String.fromCharCode(97 + i)}`)
          .join(', ')}]`,
    ),
  ].join('\n')

  test.each([
    ['an alias bomb', bomb],
    ['an anchor inside of itself', 'a: &a { b: *a, c: [*a] }'],
    ['two anchors inside of each other', 'a: &a { b: &b { c: *a } }\nd: *b'],
    ['brackets without end', '['.repeat(50_000)],
    ['braces without end', '{a: '.repeat(20_000)],
    ['dashes without end', '- '.repeat(50_000)],
    ['a long line', `name: ${'x'.repeat(500_000)}`],
    ['many keys', Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join('\n')],
    ['many doubles', 'a: 1\n'.repeat(20_000)],
    ['many quotes', '"'.repeat(50_000)],
    ['a condition of blanks', EXAMPLE.replace('">= 99%"', `"1${' '.repeat(100_000)}x"`)],
    ['more than a MiB', 'x'.repeat((1 << 20) + 1)],
    ['NUL bytes', 'name: a\n\0\0\0'],
  ])(
    '%s',
    (_what, text) => {
      expect(survives(text)).toBeGreaterThan(0)
    },
    30_000,
  )
})
