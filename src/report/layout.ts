import { stripVTControlCharacters } from 'node:util'

/** Text on a terminal is measured in cells: a CJK character or an emoji takes two, a combining mark none. */

/** Made when it is first needed: that takes 10 ms, and most texts are plain. */
let segmenter: Intl.Segmenter | undefined
function graphemes(text: string) {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  return segmenter.segment(text)
}

/** A cell each: letters of European languages, punctuation, arrows, mathematics, and what bars and tables are drawn with. */
const PLAIN = /^[\u0020-\u007e\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2030-\u205e\u2190-\u22ff\u2500-\u25fc\u2713\u2717]*$/
/** East Asian wide and fullwidth, by block: Unicode's own property is not among those of regular expressions. */
const WIDE =
  /\p{Emoji_Presentation}|\ufe0f|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{20000}-\u{3fffd}]/u
const MARK_ONLY = /^[\p{M}\p{Cf}]+$/u

/** One line that cannot move the cursor, colour what follows or turn its direction, whatever a file or a peer put in it. */
export function printable(text: string): string {
  return stripVTControlCharacters(text.toWellFormed())
    .replace(/[\t\n\r\u2028\u2029]+/g, ' ')
    .replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '')
}

function graphemeCells(grapheme: string): number {
  if (MARK_ONLY.test(grapheme)) return 0
  return WIDE.test(grapheme) ? 2 : 1
}

/** How many cells `text` takes; escape sequences take none. */
export function cells(text: string): number {
  if (PLAIN.test(text)) return text.length
  let total = 0
  for (const { segment } of graphemes(stripVTControlCharacters(text))) total += graphemeCells(segment)
  return total
}

/** The longest start of `text` that fits, by graphemes, so that no character is cut in two. */
function fitting(text: string, width: number): string {
  let used = 0
  let end = 0
  for (const { segment, index } of graphemes(text)) {
    used += graphemeCells(segment)
    if (used > width) break
    end = index + segment.length
  }
  return text.slice(0, end)
}

/** `text`, or as much of it as fits `width` cells with an ellipsis. */
export function clip(text: string, width: number): string {
  if (cells(text) <= width) return text
  return width < 1 ? '' : `${fitting(text, width - 1)}…`
}

export const padEnd = (text: string, width: number) => text + ' '.repeat(Math.max(0, width - cells(text)))
export const padStart = (text: string, width: number) => ' '.repeat(Math.max(0, width - cells(text))) + text

/** As `wrap`, but breaks after a semicolon where that is possible: clauses are read one by one. */
export function wrapClauses(text: string, width: number, first = '', rest = first): string[] {
  const lines: string[] = []
  let line = ''
  const flush = () => lines.push(...wrap(line, width, lines.length === 0 ? first : rest, rest))
  for (const clause of text.trim().split(/(?<=;) /)) {
    const longer = line === '' ? clause : `${line} ${clause}`
    const indent = lines.length === 0 ? first : rest
    if (line === '' || cells(indent + longer) <= width) line = longer
    else {
      flush()
      line = clause
    }
  }
  flush()
  return lines
}

/**
 * Breaks `text` at its spaces into lines of at most `width` cells, indents included. Runs of spaces inside a line stay.
 * A word longer than a line is cut, for there is no better place.
 */
export function wrap(text: string, width: number, first = '', rest = first): string[] {
  const lines: string[] = []
  let indent = first
  let line = ''
  const flush = () => {
    lines.push(indent + line.trimEnd())
    indent = rest
    line = ''
  }
  for (const piece of text.trim().split(/(?<=\S)(?=\s)/)) {
    const room = () => Math.max(1, width - cells(indent))
    if (line !== '' && cells(line + piece) > room()) flush()
    line = line === '' ? piece.trimStart() : line + piece
    while (cells(line) > room()) {
      const start = fitting(line, room()) || line.slice(0, 1)
      const left = line.slice(start.length)
      line = start
      flush()
      line = left
    }
  }
  flush()
  return lines
}
