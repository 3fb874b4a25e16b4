import { cells } from './layout.ts'

/** Ways to write an argv so that a shell reads it back. */

const NEEDS_NO_QUOTES = /^[\w%+,./:=@-]+$/

/** @see POSIX shell, 2.2.2: nothing is special between single quotes. */
const quote = (word: string) => (NEEDS_NO_QUOTES.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

/** On one line, for machines. */
export function commandLine(argv: readonly string[]): string {
  return argv.map(quote).join(' ')
}

/** On lines of at most `width` cells that can be pasted as they are; a word is never broken. */
export function commandLines(argv: readonly string[], width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of argv.map(quote)) {
    if (line !== '' && cells(`${line} ${word} \\`) > width) {
      lines.push(`${line} \\`)
      line = `  ${word}`
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
