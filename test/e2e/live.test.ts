import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, inject, test } from 'vitest'
import { needs } from '../helpers/needs.ts'
import { chaos, chaosProgram, newFolder, writeScenario } from '../helpers/run.ts'
import { Terminal } from '../helpers/terminal.ts'

/** `script` runs a command on a terminal of its own. */
const missing = spawnSync('script', ['--version']).status === 0 ? undefined : 'script, of util-linux'

interface Seen {
  code: number
  /** Every picture of the screen that differed from the one before. */
  frames: readonly string[]
  terminal: Terminal
}

async function onTerminal(words: readonly string[], { columns = 100, term = 'xterm-256color', locale = 'C.UTF-8' } = {}): Promise<Seen> {
  const folder = newFolder()
  const scenarios = ['one', 'two'].map((name) =>
    writeScenario(folder, { name, seconds: 1.5, faults: ['{ cluster: shop, delay: 50ms, percent: 10 }'] }),
  )
  const files = words.includes('TWO') ? scenarios : scenarios.slice(0, 1)
  const options = words.filter((word) => word.startsWith('-'))
  const command = [chaosProgram, 'run', ...files, '--out', join(folder, 'out'), ...options].map((word) => `'${word}'`).join(' ')
  const { CI: _, NO_COLOR: __, FORCE_COLOR: ___, ...inherited } = process.env
  const child = spawn('script', ['-qfec', `stty cols ${columns} rows 30; exec ${command}`, '/dev/null'], {
    env: { ...inherited, CHAOS_ENVOY: inject('envoy'), TERM: term, LC_ALL: locale },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const terminal = new Terminal()
  const frames: string[] = []
  child.stdout.setEncoding('utf8').on('data', (text) => {
    terminal.write(text)
    const frame = terminal.lines.join('\n')
    if (frame !== frames.at(-1)) frames.push(frame)
  })
  const [code] = await once(child, 'close')
  return { code, frames, terminal }
}

/** What only the live lines have. */
const LIVE = /━|^ {2}served /m
const WHOLE = [
  /^1\/1 only · .*━/m,
  /^ {2}served {3}\d+ of \d+\/s +[▁▂▃▄▅▆▇█]/m,
  /^ {2}errors {3}[\d.]+% +[▁▂▃▄▅▆▇█]/m,
  /^ {2}p99 {6}[\d.]+m?s +[▁▂▃▄▅▆▇█]/m,
  /^ {2}faults {3}10% delay 50ms on shop$/m,
]
const JUDGED = [0, 4]

describe.skipIf(needs('a terminal', missing))('on a terminal', () => {
  test.each([100, 45])('of %i columns the run is shown while it goes on, and nothing of that is left', async (columns) => {
    const { code, frames, terminal } = await onTerminal([], { columns })
    expect(JUDGED).toContain(code)
    expect(frames.filter((frame) => LIVE.test(frame)).length).toBeGreaterThan(2)
    expect(frames.some((frame) => WHOLE.every((line) => line.test(frame)))).toBe(true)

    const left = terminal.lines.join('\n')
    expect(left).not.toMatch(LIVE)
    expect(left).toMatch(/^chaos: one \(seed 1\)\n/)
    expect(left).toMatch(/(PASS|INCONCLUSIVE) +one: /)
    expect(left).not.toContain('\n\n\n')
    expect(terminal.cursorShown).toBe(true)
  })

  test('its summary has the course of the run in small plots, where it can show them', async () => {
    const PLOT = /^OVER TIME +│only\n {2}requests +[▁▂▃▄▅▆▇█ ]+ {2}at most [\d.]+\/s\n {2}failed +.*\n {2}p99 +.*\n {2}attempts +.* each$/m
    const shown = await onTerminal(['--quiet'], { columns: 80 })
    expect(shown.terminal.lines.join('\n')).toMatch(PLOT)
    for (const line of shown.terminal.lines) expect(line.length).toBeLessThanOrEqual(80)
    for (const poor of [{ term: 'linux' }, { locale: 'C' }, { columns: 50 }]) {
      const { terminal } = await onTerminal(['--quiet'], poor)
      expect(terminal.lines.join('\n')).not.toMatch(/OVER TIME|[▁█]/)
    }
  })

  test('of several scenarios it says which one is run', async () => {
    const { frames } = await onTerminal(['TWO'])
    expect(frames.some((frame) => /^scenario 1 of 2 · 1\/1 only/m.test(frame))).toBe(true)
    expect(frames.at(-1)).toMatch(/^chaos: scenario 2 of 2: two \(seed 1\)$/m)
  })

  test('that cannot move its cursor the run is told in lines', async () => {
    const { frames } = await onTerminal([], { term: 'dumb' })
    expect(frames.at(-1)).toMatch(
      /^phase 1\/1 only: 1\.5s, faults on: 10% delay 50ms on shop\nphase 1\/1 only: done after 1\.\d+s, \d+\/s, /m,
    )
  })

  test('with --quiet nothing is shown before the summary', async () => {
    const { frames } = await onTerminal(['--quiet'])
    expect(frames[0]).toMatch(/^EXPECTATIONS/)
    expect(frames.join('\n')).not.toMatch(LIVE)
  })
})

test('without a terminal there are plain lines, a sign of life after ten seconds, and no plots', async () => {
  const { stderr, stdout } = await chaos(['run', writeScenario(newFolder(), { seconds: 11, rate: 20 })])
  // It looks for it five times a second.
  expect(stderr).toMatch(/^phase 1\/1 only: 11s, no faults\nphase 1\/1 only: 10(\.\d)?s of 11s, .*\nphase 1\/1 only: done after 11/m)
  for (const mark of ['▁', '█', '━', '\u001b']) expect(stderr + stdout).not.toContain(mark)
})
