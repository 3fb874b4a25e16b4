import type { Screen } from '../live.ts'
import { terminalOf } from '../terminal.ts'

/** stderr, redrawn where it is a terminal that can be; `log-update` is loaded only then. */
export async function openScreen(colorWanted: boolean): Promise<Screen> {
  const { color, width } = terminalOf(process.stderr, colorWanted)
  const print = (line: string) => void process.stderr.write(`${line}\n`)
  // Some CI systems give a terminal of no size, on which nothing could be drawn.
  if (!process.stderr.isTTY || !process.stderr.rows || process.env.CI) {
    // Set-up steps come as lines; the same one is not said twice.
    let last = ''
    const redraw = (line: string) => {
      if (line.replace(/\d+/g, '') !== last) print(line)
      last = line.replace(/\d+/g, '')
    }
    return { terminal: false, color, width, redraw, print, clear: () => {} }
  }
  const { createLogUpdate } = await import('log-update')
  const live = createLogUpdate(process.stderr)
  return { terminal: true, color, width, redraw: live, print: (line) => live.persist(line), clear: () => live.clear() }
}
