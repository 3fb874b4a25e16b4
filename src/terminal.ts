import type { WriteStream } from 'node:tty'
import type { Look } from './report/paper.ts'
import { jsonWithoutCommands, withoutCommands } from './report/without-commands.ts'

const WIDTH_WITHOUT_TERMINAL = 100

/** What has no glyphs for bars: the console of Linux, and what moves no cursor. */
const WITHOUT_BARS = ['dumb', 'linux']

/** How a stream can be written to: colours where it takes them and the user wants them, its width, and whether it shows bars. */
export function terminalOf(stream: NodeJS.WriteStream, colorWanted: boolean): Look {
  const tty = stream as Partial<WriteStream>
  const { NO_COLOR, FORCE_COLOR } = process.env
  const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== '0' && FORCE_COLOR !== 'false'
  const refused = !colorWanted || (NO_COLOR !== undefined && NO_COLOR !== '')
  return {
    color: !refused && (forced || (tty.isTTY === true && process.env.TERM !== 'dumb')),
    width: Math.max(40, tty.isTTY ? (tty.columns ?? 80) : WIDTH_WITHOUT_TERMINAL),
    plots: tty.isTTY === true && !WITHOUT_BARS.includes(process.env.TERM ?? '') && isUnicode(process.env),
  }
}

/** An address that can be clicked at, on a terminal; where links are not known, and in logs, it is plain. @see OSC 8 */
export function linkText(stream: NodeJS.WriteStream, url: string): string {
  const isTerminal = stream.isTTY === true && !process.env.CI && !WITHOUT_BARS.includes(process.env.TERM ?? '')
  return isTerminal ? `\u001b]8;;${url}\u001b\\${url}\u001b]8;;\u001b\\` : url
}

/** By the first of these that is set, as in POSIX; where none is, terminals of today are. */
function isUnicode({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): boolean {
  const locale = LC_ALL || LC_CTYPE || LANG
  return locale === undefined || locale === '' || /utf-?8/i.test(locale)
}

/**
 * Lines for people. In GitHub Actions, whose runner takes commands from both streams, what came from an app, a scenario or a
 * log can be none.
 */
export function tell(stream: NodeJS.WritableStream, text: string): void {
  stream.write(process.env.GITHUB_ACTIONS === 'true' ? withoutCommands(text) : text)
}

/** JSON for machines, on stdout. */
export const tellJson = (json: string) => void process.stdout.write(`${jsonWithoutCommands(json).trimEnd()}\n`)
