import { expect, test } from 'vitest'
import { timePlot } from '../../../src/report/time-plot.ts'
import { attempt, neverStarted, plan, record, run } from './sample-run.ts'

// 300 requests in 30 s make 60 bars of 500 ms, with 5 requests each: 10 a second.

const observed = (change: (i: number) => Parameters<typeof record>[1]) => {
  const base = run()
  const records = Array.from({ length: 300 }, (_, i) => record(i, change(i)))
  return { plan, observations: base.observations && { ...base.observations, records } }
}
const bars = (lines: readonly string[], label: string) => (lines.find((line) => line.startsWith(label)) ?? '').slice(10, 70)

test('a bar for each half second of 30 s, below the names of its phases', () => {
  const lines = timePlot(observed(() => ({})))
  expect(lines[0]).toBe(`${' '.repeat(10)}│baseline           │brownout           │recovery`)
  expect(bars(lines, 'requests')).toBe('█'.repeat(60))
  expect(lines[1]).toMatch(/at most 10\/s$/)
  expect(bars(lines, 'failed')).toBe('▁'.repeat(60))
  expect(lines.at(-1)).toBe(`${' '.repeat(10)}500ms a bar, by when requests were due`)
})

test('a failure stands where its request was due, and its share is that of its bar', () => {
  // Request 112 was due at 11.2 s: bar 22 has it, with 4 others: 20 %.
  const lines = timePlot(observed((i) => (i === 112 ? { success: false } : {})))
  expect(bars(lines, 'failed')).toBe(`${'▁'.repeat(22)}▂${'▁'.repeat(37)}`)
  expect(lines[2]).toMatch(/at most 20%$/)
})

test('p99 of a bar is its slowest, and what was never answered is above all', () => {
  // 23.5 ms each, but one of 240 ms in bar 22 and one without an answer in bar 40 (due at 20.0 s).
  const lines = timePlot(
    observed((i) => (i === 112 ? { due: 11_200, end: 11_440 } : i === 200 ? { end: null, status: null, error: 'timeout' } : {})),
  )
  expect(bars(lines, 'p99')[22]).toBe('█')
  expect(bars(lines, 'p99')[40]).toBe('█')
  expect(bars(lines, 'p99')[0]).toBe('▂')
  expect(lines[3]).toMatch(/at most 240ms, or no answer$/)
})

test('attempts are told for each request from one upwards, and of a bar that is not known in full not at all', () => {
  // Bar 22 has 5 requests, one of them with 3 attempts: 7 / 5 = 1.4. Of one in bar 40 not all calls are known.
  const tries = [1, 2, 3].map((n) => attempt(n, 11_200 + n))
  const lines = timePlot(observed((i) => (i === 112 ? { attempts: tries } : i === 200 ? { joined: false } : {})))
  expect(bars(lines, 'attempts')).toBe(`${'▁'.repeat(22)}▄${'▁'.repeat(17)} ${'▁'.repeat(19)}`)
  expect(lines[4]).toMatch(/at most 1\.4 each$/)
  expect(timePlot(observed(() => ({ joined: false }))).join('\n')).not.toContain('attempts')
})

test('fewer bars where there is less room, each of a length that people choose', () => {
  // 30 s in at most 39 bars: 500 ms would make 60 of them, 1 s makes 30.
  const lines = timePlot(
    observed(() => ({})),
    undefined,
    39,
  )
  expect(lines[1]).toBe(`requests  ${'█'.repeat(30)}  at most 10/s`)
  expect(lines.at(-1)).toContain('1s a bar')
})

test('requests of the warm-up are in no bar', () => {
  const lines = timePlot(observed((i) => (i < 5 ? { due: -100, end: -50, success: false, phase: -1 } : {})))
  expect(bars(lines, 'requests')[0]).toBe('▁')
  expect(bars(lines, 'failed')[0]).toBe(' ')
})

test('nothing is drawn of a run that saw nothing', () => {
  expect(timePlot(neverStarted())).toEqual([])
})

test('names of phases cannot break out of their line, and are cut to their bars', () => {
  const base = run()
  const phases = (base.observations?.phases ?? []).map((phase) => ({ ...phase, name: `two\nlines ${'x'.repeat(90)}` }))
  const [head = ''] = timePlot({ plan, observations: base.observations && { ...base.observations, phases } })
  expect(head).toMatch(/^ {10}(│two lines x+… ?){3}$/)
  expect(head.length).toBeLessThanOrEqual(70)
})
