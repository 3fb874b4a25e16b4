import { expect, test, vi } from 'vitest'
import { Live, type Screen } from '../../../src/live/live.ts'
import { compilePlan } from '../../../src/plan/compile.ts'
import { parseScenario } from '../../../src/scenario/parse.ts'

const SCENARIO = `
name: live
upstreams: { one: {} }
load: { rate: 200/s }
phases: [{ name: failing, for: 4s, faults: [{ cluster: one, abort: 503, percent: { from: 0, to: 50 } }] }]
expect: [{ p50: "<= 1m" }]
`

const planned = (text = SCENARIO) => {
  const scenario = parseScenario(text, 'live.yaml', () => {
    throw new Error('there are no samples')
  })
  return { scenario, plan: compilePlan(scenario) }
}

test('a log hears every ten seconds that the run is alive, in the warm-up as in a phase', () => {
  vi.useFakeTimers()
  try {
    const { scenario, plan } = planned(SCENARIO.replace('for: 4s', 'for: 31s'))
    const lines: { at: number; line: string }[] = []
    const begun = performance.now()
    const screen: Screen = {
      terminal: false,
      color: false,
      size: () => ({ width: 100, height: 1 }),
      redraw: () => {},
      print: (line) => lines.push({ at: performance.now() - begun, line }),
      clear: () => {},
    }
    const live = new Live(scenario, plan, screen)
    live.onSent()
    vi.advanceTimersByTime(15_000)
    live.onPhase(0)
    vi.advanceTimersByTime(31_000)
    live.end()
    // The warm-up is told at the first look, 200 ms on, and 10 s later; the phase from 15 s on, and each 10 s of it.
    expect(lines.map(({ at }) => at)).toEqual([200, 10_200, 15_000, 25_000, 35_000, 45_000, 46_000])
    expect(lines.map(({ line }) => line.replace(/[:,] .*/, ''))).toEqual(['warm-up', 'warm-up', ...Array(5).fill('phase 1/1 failing')])
  } finally {
    vi.useRealTimers()
  }
})

test('of a ramp the percentage is shown that it has come to', () => {
  vi.useFakeTimers()
  try {
    const { scenario, plan } = planned()
    const shown: string[] = []
    const screen: Screen = {
      terminal: true,
      color: false,
      size: () => ({ width: 100, height: 40 }),
      redraw: (text) => shown.push(text),
      print: () => {},
      clear: () => {},
    }
    const live = new Live(scenario, plan, screen)
    live.onPhase(0)
    for (const percent of [2.5, 37.5]) {
      live.onStep(new Map([['failing-1', percent]]))
      vi.advanceTimersByTime(200)
    }
    live.end()
    expect(shown.map((text) => /\d+% abort 503 on one/.exec(text)?.[0])).toEqual(['3% abort 503 on one', '38% abort 503 on one'])
  } finally {
    vi.useRealTimers()
  }
})
