import { describe, expect, test } from 'vitest'
import { changeOf, compareRuns, type Figures, figuresOfRun, RULES } from '../../../src/report/compare.ts'
import { comparisonJson, comparisonMarkdown, renderComparison } from '../../../src/report/compare-text.ts'
import { failed, neverStarted, record, run, scenario } from './sample-run.ts'

/** The sample's run with its requests changed: 100 in each of 3 phases, each of 23.5 ms. */
function changed(change: (i: number) => Parameters<typeof record>[1], parts: object = {}): Figures {
  const base = run(parts)
  const records = Array.from({ length: 300 }, (_, i) => record(i, change(i)))
  return figuresOfRun({ ...base, observations: base.observations && { ...base.observations, records } })
}
const sound = changed(() => ({}))
const rowsOf = (b: Figures, figure: string, a = sound) => compareRuns(a, b).rows.filter((row) => row.figure === figure)

describe('two runs', () => {
  test('that saw the same show no difference, and pass', () => {
    const comparison = compareRuns(
      sound,
      changed(() => ({})),
    )
    expect(new Set(comparison.rows.map(({ change }) => change))).toEqual(new Set(['none']))
    expect(comparison.status).toBe('pass')
  })

  test('of which the second fails more: a regression in that phase alone', () => {
    // 30 of 100 fail in place of none: Wilson's 0.7 is 0.604 .. 0.781, that of 1 is 0.963 .. 1. Newcombe: -0.3 and
    // -0.3 - √(0.096² + 0²) = -0.396 .. -0.3 + √(0.081² + 0.037²) = -0.211.
    const worse = changed((i) => (i >= 100 && i < 130 ? { success: false, status: 503 } : {}))
    const rows = rowsOf(worse, 'success_rate')
    expect(rows.map(({ change }) => change)).toEqual(['none', 'regression', 'none'])
    expect(rows[1]?.difference.low).toBeCloseTo(-0.396, 3)
    expect(rows[1]?.difference.high).toBeCloseTo(-0.211, 3)
    expect(compareRuns(sound, worse).status).toBe('fail')
    expect(rowsOf(sound, 'success_rate', worse)[1]?.change).toBe('better')
  })

  test('of which the second is slower', () => {
    const slower = changed((i) => (i < 100 ? { end: i * 100 + 40 } : {}))
    expect(rowsOf(slower, 'p50').map(({ change }) => change)).toEqual(['regression', 'none', 'none'])
    // Each value is the same, and so are the ends: 40 - 23.5.
    expect(rowsOf(slower, 'p50')[0]?.difference.value).toBeCloseTo(16.5, 6)
  })

  test('p99 is left out where it has no upper bound, and that is said', () => {
    expect(rowsOf(sound, 'p99')).toEqual([])
    expect(compareRuns(sound, sound).warnings).toContain('baseline: p99 is not compared: that takes 368 requests, and there are 100')
  })

  test('of which too little is known to tell do not pass', () => {
    // Of 10 requests a phase, 0 failures leave up to 28 % possible: more than 10 points.
    const few = figuresOfRun(
      (() => {
        const base = run()
        const records = Array.from({ length: 30 }, (_, i) => record(i, { phase: Math.floor(i / 10) }))
        return { ...base, observations: base.observations && { ...base.observations, records } }
      })(),
    )
    const comparison = compareRuns(few, few)
    expect(comparison.rows.find(({ figure }) => figure === 'success_rate')?.change).toBe('unknown')
    expect(comparison.status).toBe('inconclusive')
  })

  test('of which one is in doubt: nothing is concluded, even from what is worse', () => {
    const disturbed = changed((i) => (i < 100 ? { success: false } : {}), { verdict: { status: 'inconclusive', outcomes: [] } })
    const comparison = compareRuns(sound, disturbed)
    expect(comparison.rows.some(({ change }) => change === 'regression')).toBe(true)
    expect(comparison.status).toBe('inconclusive')
    expect(compareRuns(sound, figuresOfRun(neverStarted())).status).toBe('inconclusive')
  })

  test('of different scenarios are compared by the phases that both have, with a warning', () => {
    const other = changed(() => ({}), { scenario: scenario({ name: 'another' }) })
    const { rows, warnings, status } = compareRuns(sound, { ...other, phases: other.phases.slice(0, 2) })
    expect(new Set(rows.map(({ phase }) => phase))).toEqual(new Set(['baseline', 'brownout']))
    expect(warnings.join('\n')).toMatch(/different scenarios[\s\S]*only one of the runs has it: recovery/)
    expect(status).toBe('inconclusive')
  })
})

describe('a change', () => {
  const a = { value: 100, low: 90, high: 110 }
  const change = (low: number, high: number) => changeOf(RULES.p50, a, { value: (low + high) / 2, low, high })
  test.each([
    // The tolerance is 10 % of A, and 100 % of it must not go unseen.
    ['regression', 11, 20],
    ['worse', 9, 20],
    ['none', -5, 100],
    ['unknown', -5, 101],
    ['unknown', -5, Number.POSITIVE_INFINITY],
    ['better', -20, -1],
  ])('%s: from %d to %d more than 100', (expected, low, high) => {
    expect(change(low, high)).toBe(expected)
  })

  test('of what was never answered is not known', () => {
    const never = { value: Number.POSITIVE_INFINITY, low: 1, high: Number.POSITIVE_INFINITY }
    expect(changeOf(RULES.p90, never, { value: Number.NaN, low: -1, high: 1 })).toBe('unknown')
  })
})

describe('told', () => {
  const comparison = compareRuns(sound, figuresOfRun(failed()))
  test('on a terminal: each phase once, and the end in one line', () => {
    const text = renderComparison(comparison, { color: false, width: 100 })
    expect(text.match(/^ {2}brownout$/gm)).toHaveLength(1)
    expect(text).toMatch(/✓ success_rate +100% +97%/)
    expect(text.split('\n').at(-1)).toMatch(/^PASS no regression is shown: /)
  })

  test('in Markdown, where names stay text', () => {
    const phases = sound.phases.map((phase) => ({ ...phase, name: '<img> | @x' }))
    const text = comparisonMarkdown(compareRuns({ ...sound, phases }, { ...sound, phases }))
    expect(text).not.toMatch(/<img>|@x/)
    expect(text).toContain('### ✅ no regression is shown')
  })

  test('for machines', () => {
    const json = JSON.parse(comparisonJson(comparison))
    expect(json).toMatchObject({ version: 1, status: comparison.status, a: { id: sound.id } })
    expect(json.rows).toHaveLength(comparison.rows.length)
  })
})
