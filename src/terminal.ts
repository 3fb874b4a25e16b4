import type { WriteStream } from 'node:tty'
import type { Look } from './report/paper.ts'

const WIDTH_WITHOUT_TERMINAL = 100

/** How a stream can be written to: colours where it takes them and the user wants them, and its width. */
export function terminalOf(stream: NodeJS.WriteStream, colorWanted: boolean): Look {
  const tty = stream as Partial<WriteStream>
  const { NO_COLOR, FORCE_COLOR } = process.env
  const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== '0' && FORCE_COLOR !== 'false'
  const refused = !colorWanted || (NO_COLOR !== undefined && NO_COLOR !== '')
  return {
    color: !refused && (forced || (tty.isTTY === true && process.env.TERM !== 'dumb')),
    width: Math.max(40, tty.isTTY ? (tty.columns ?? 80) : WIDTH_WITHOUT_TERMINAL),
  }
}
