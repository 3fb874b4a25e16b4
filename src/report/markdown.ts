import { printable } from './layout.ts'

/**
 * Text from outside in GitHub-flavoured Markdown, where it must stay text: it comes from scenarios, headers and answers,
 * and is read in pull requests.
 * @see https://github.github.com/gfm/
 */

/**
 * All that begins an element within a line, or a cell of a table; as a reference to a character it is only that character
 * (GFM 6.2). An underscore within a word is none (GFM 6.4).
 */
const SPECIAL = /[&<>|`*[\]#~\\$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g
/** GitHub and GitLab look for these in what was rendered, where an escape no longer shows: people, issues, merge requests, labels. */
const REFERENCE = /([@#!$~%&])(?=[\p{L}\p{N}_"[])/gu
/** What becomes a link without any brackets (GFM 6.9). */
const LINK = /(https?|ftp|mailto|xmpp)(:)|www(\.)/gi
/** Has no width, and parts a sign from its name. */
const APART = '\u200b'

const reference = (character: string) => `&#${character.codePointAt(0)};`

/** A sentence, on one line: nothing in it is markup, mentions anybody or becomes a link. */
export function prose(text: string): string {
  return (
    printable(text)
      .replace(REFERENCE, `$1${APART}`)
      .replace(SPECIAL, reference)
      // What begins a link is left without what makes it one.
      .replace(LINK, (found) => `${found.slice(0, -1)}${reference(found.slice(-1))}`)
      // An address of mail is looked for in what was rendered, too.
      .replaceAll('@', reference)
  )
}

/** A value, on one line, as code, in which nothing is looked for. */
export const code = (text: string) => (printable(text).trim() === '' ? '' : `<code>${prose(text)}</code>`)

/** Lines as they are, such as a command to copy; the fence is longer than any within. */
export function fenced(lines: readonly string[], language = ''): string {
  const longest = Math.max(2, ...lines.flatMap((line) => [...line.matchAll(/`+/g)].map(([run]) => run.length)))
  const fence = '`'.repeat(longest + 1)
  return [`${fence}${language}`, ...lines, fence].join('\n')
}

/** @param align - of each column: `-` left, `:` right */
export function table(head: readonly string[], align: readonly ('-' | ':')[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(align.map((side) => (side === ':' ? '---:' : '---'))), ...rows.map(line)].join('\n')
}

const bytesOf = (text: string) => new TextEncoder().encode(text).length

/**
 * As many of the blocks, from the first on, as have room, and a note where that are not all.
 * @param blocks - the most telling first; each ends without a line break
 * @returns at most `most` bytes of UTF-8; empty where not even the note has room
 */
export function withinBytes(blocks: readonly string[], most: number, note: string): string {
  const all = joined(blocks)
  if (bytesOf(all) <= most) return all
  const rest = [...blocks]
  while (rest.length > 0) {
    rest.pop()
    const some = joined([...rest, note])
    if (bytesOf(some) <= most) return some
  }
  return ''
}

const joined = (blocks: readonly string[]) => `${blocks.join('\n\n')}\n`
