import type { Screen } from '../live/live.ts'
import { cells } from '../report/layout.ts'
import { tell, terminalOf } from '../terminal.ts'

/** stderr, redrawn where it is a terminal that can be; `log-update` is loaded only then. */
export async function openScreen(colorWanted: boolean): Promise<Screen> {
  const { stderr } = process
  const { color, width } = terminalOf(stderr, colorWanted)
  // Some CI systems give a terminal of no size, on which nothing could be drawn; a dumb one cannot move its cursor.
  if (!stderr.isTTY || !stderr.rows || process.env.CI || process.env.TERM === 'dumb') return log(color, width)
  const { createLogUpdate } = await import('log-update')
  const live = createLogUpdate(stderr)
  const size = () => ({ width: stderr.columns || width, height: stderr.rows || 1 })
  let shown: { text: string; width: number } | undefined
  /** On a terminal that has become narrower the lines take up more rows than `log-update` knows of. */
  const eraseWrapped = () => {
    if (!shown || size().width >= shown.width) return
    const rows = shown.text.split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(cells(line) / size().width)), 0)
    stderr.write(`\u001b[${rows}A\r\u001b[J`)
    live.done()
    shown = undefined
  }
  return {
    terminal: true,
    color,
    size,
    redraw(text) {
      eraseWrapped()
      shown = { text, width: size().width }
      live(text)
    },
    print(line) {
      eraseWrapped()
      live.persist(line)
    },
    clear() {
      eraseWrapped()
      if (shown) live.clear()
      shown = undefined
      // Which also shows the cursor again.
      live.done()
    },
  }
}

/** A log only grows. Set-up steps come as lines; the same one is not said twice. */
function log(color: boolean, width: number): Screen {
  const print = (line: string) => void tell(process.stderr, `${line}\n`)
  let last = ''
  const redraw = (line: string) => {
    if (line.replace(/\d+/g, '') !== last) print(line)
    last = line.replace(/\d+/g, '')
  }
  return { terminal: false, color, size: () => ({ width, height: 1 }), redraw, print, clear: () => {} }
}
