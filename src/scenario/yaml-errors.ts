import type { ErrorCode, YAMLError } from 'yaml'

/** What people mean when they make each mistake of YAML's; the parser's own words stay, lower-cased, where they serve. */
const ADVICE: Partial<Record<ErrorCode, { message?: string; hint?: string }>> = {
  TAB_AS_INDENT: { message: 'a tab cannot indent', hint: 'indent with spaces' },
  MULTIPLE_DOCS: { message: 'expected one document, got a second one after "---"', hint: 'put each scenario into a file of its own' },
  RESOURCE_EXHAUSTION: { message: 'nested too deeply to be read' },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'a second ": " on one line, or a line indented further than its key',
    hint: 'quote the text that holds ": ", or align the line with its neighbours',
  },
  MULTILINE_IMPLICIT_KEY: { message: 'a key that runs over several lines', hint: 'is a ":" missing, or a line indented too far?' },
  BAD_SCALAR_START: { hint: 'quote the value' },
  BAD_INDENT: { hint: 'close the bracket, or indent the lines inside it further than its key' },
  BAD_DQ_ESCAPE: { hint: "write \\\\ for a backslash, or use single quotes: '…'" },
  BAD_DIRECTIVE: { hint: 'a line that begins with "%" is a directive of YAML: quote it, or leave it out' },
}

export function syntaxProblem(error: YAMLError, text: string): { offset: number; message: string; hint?: string } {
  // How deep the parser gets depends on the stack that is left: the line is the same each time.
  const offset = error.code === 'RESOURCE_EXHAUSTION' ? beginOfLine(text, error.pos[0]) : error.pos[0]
  const own = ADVICE[error.code]
  const comparison = unquotedComparison(text, offset)
  if (comparison !== undefined)
    return {
      offset: comparison.offset,
      message: `">" begins a block of text in YAML, so "${comparison.text}" must be in quotes`,
      hint: `write "${comparison.text}"`,
    }
  const placeholder = unquotedPlaceholder(text, offset)
  if (placeholder !== undefined)
    return {
      offset: placeholder.offset,
      message: `between "{" and "}" another "{" begins a map, so ${clip(placeholder.text)} must be in quotes`,
      hint: `write "${clip(placeholder.text)}"`,
    }
  if (error.code === 'TAG_RESOLVE_FAILED')
    return {
      offset,
      message: `the tag ${clip(text.slice(...error.pos))} is not supported`,
      hint: 'leave it out, or quote the value if it begins with "!"',
    }
  if (/^Sequence item without - indicator/.test(error.message))
    return {
      offset,
      message: 'neither the next key of the item above, nor the next item',
      hint: 'align the line with the keys of its item, or begin it with "- "',
    }
  const bracket = /end with a ([\]}])$/.exec(error.message)?.[1]
  const message =
    bracket !== undefined
      ? `expected "${bracket}" to close the ${bracket === ']' ? 'list' : 'map'} that was begun`
      : (own?.message ?? lowerFirst(clip(error.message.replace('"quote', 'quote'))))
  return { offset, message, ...(own?.hint === undefined ? {} : { hint: own.hint }) }
}

function beginOfLine(text: string, offset: number): number {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  return start + text.slice(start, offset).search(/[^ ]|$/)
}

/** `success_rate: >= 99%`: by far the likeliest mistake in a scenario, and YAML's complaint about it helps nobody. */
function unquotedComparison(text: string, offset: number): { offset: number; text: string } | undefined {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const end = text.indexOf('\n', start)
  const line = text.slice(start, end < 0 ? undefined : Math.min(end, start + 1000))
  for (const match of line.matchAll(/: {1,8}(>=? ?[\d.]{1,20} ?(?:%|[a-z]{1,3})?)/g)) {
    const from = start + match.index + match[0].length - (match[1] as string).length
    if (offset >= from && offset <= from + (match[1] as string).length) return { offset: from, text: (match[1] as string).trim() }
  }
  return undefined
}

/** `env: { URL: ${clusters.stock.url} }`: sound below one another, but not in a map on one line. */
function unquotedPlaceholder(text: string, offset: number): { offset: number; text: string } | undefined {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const end = text.indexOf('\n', start)
  const line = text.slice(start, end < 0 ? undefined : Math.min(end, start + 1000))
  for (const match of line.matchAll(/[:,[] {1,8}([^\s"',[\]{}]{0,100}\$\{[\w.-]{1,100}\}[^\s"',[\]{}]{0,100})/g)) {
    const from = start + match.index + match[0].length - (match[1] as string).length
    if (offset >= from && offset <= from + (match[1] as string).length) return { offset: from, text: match[1] as string }
  }
  return undefined
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1)
const clip = (text: string) => {
  const line = text.replace(/\s+/g, ' ')
  return line.length > 100 ? `${line.slice(0, 99)}…` : line
}
