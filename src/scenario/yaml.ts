import { LineCounter, parseDocument, type YAMLError } from 'yaml'
import type { Problem } from '../errors.ts'
import { plural } from '../value/show.ts'
import { toPlain } from './document.ts'
import { frame } from './frame.ts'
import { MAX_SCENARIO_BYTES } from './limits.ts'
import { type Locator, locator } from './locate.ts'
import type { DocumentPath } from './scenario.ts'
import { syntaxProblem } from './yaml-errors.ts'

/** A file that is not YAML at all gives one for each of its lines. */
const MAX_SYNTAX_PROBLEMS = 20

/** A file of the user's that was read as YAML, as far as it could be. */
export interface YamlSource {
  file: string
  /** Undefined when the text is not YAML; `problems` then say why. */
  value: unknown
  problems: Problem[]
  respelt: { path: DocumentPath; source: string }[]
  locate: Locator
  /** Makes a located problem, with the source line. */
  problem(offset: number, message: string, hint?: string): Problem
}

/** Reads one YAML 1.2 document: no merge keys, no tags but those of the core schema, keys unique. */
export function readYaml(text: string, file: string): YamlSource {
  const lines = new LineCounter()
  // An error at the end of the file is shown at the end of the last line that says something.
  const end = text.trimEnd().length
  const problem = (offset: number, message: string, hint?: string): Problem => {
    const { line, col } = position(lines, Math.min(offset, end))
    const shown = lineAt(text, lines, line)
    return {
      file,
      line,
      col,
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(shown === '' ? {} : { frame: frame(shown, line, col) }),
    }
  }
  const refused = (problems: Problem[]): YamlSource => ({ file, value: undefined, problems, respelt: [], locate: () => 0, problem })

  const unreadable = notText(text)
  if (unreadable !== undefined) {
    countLines(lines, text, unreadable.offset)
    return refused([problem(unreadable.offset, unreadable.message)])
  }

  // uniqueKeys compares every pair of keys, so a long file would take minutes; the walk below finds doubles at once.
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter: lines,
  })
  const errors = firstOfEachLine([...document.errors, ...document.warnings]).filter((error, index) => index === 0 || !isAfterTheEnd(error))
  if (errors.length > 0) {
    const exhausted = errors.find((error) => error.code === 'RESOURCE_EXHAUSTION')
    const tabs = errors.filter((error) => error.code === 'TAB_AS_INDENT')
    // Either of them makes nonsense of what follows.
    const found = (exhausted !== undefined ? [exhausted] : tabs.length > 0 ? tabs : errors).map((error) => syntaxProblem(error, text))
    return refused(found.map(({ offset, message, hint }) => problem(offset, message, hint)))
  }
  if (document.directives.yaml.explicit && document.directives.yaml.version !== '1.2') {
    return refused([problem(0, `expected YAML 1.2, got %YAML ${document.directives.yaml.version}`, 'leave the %YAML line out')])
  }

  const plain = toPlain(document.contents)
  return {
    file,
    value: plain.value,
    problems: plain.problems.map((found) => problem(found.offset, found.message, found.hint)),
    respelt: plain.respelt,
    locate: locator(document.contents, plain.targets),
    problem,
  }

  /** What follows a mistake on its line is mostly an echo of it. */
  function firstOfEachLine(errors: YAMLError[]): YAMLError[] {
    const seen = new Set<number>()
    const isFirst = ({ pos }: YAMLError) => {
      const { line } = lines.linePos(pos[0])
      return !seen.has(line) && seen.add(line)
    }
    return errors
      .sort((a, b) => a.pos[0] - b.pos[0])
      .filter(isFirst)
      .slice(0, MAX_SYNTAX_PROBLEMS)
  }
}

/** Where a mistake ends the document too early, every token that follows is one too many. */
const isAfterTheEnd = ({ message }: YAMLError) => message.includes('in YAML stream')

/** Why `text` cannot be a scenario, whatever is in it. */
function notText(text: string): { offset: number; message: string } | undefined {
  if (text.length > MAX_SCENARIO_BYTES)
    return { offset: 0, message: `the file is larger than ${plural(MAX_SCENARIO_BYTES / 1024 / 1024, 'MiB')}: that is not a scenario` }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]/.exec(text)
  if (control === null) return undefined
  const code = control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
  return { offset: control.index, message: `expected text, got the control character U+${code}: is this a binary file?` }
}

function countLines(lines: LineCounter, text: string, until: number): void {
  lines.addNewLine(0)
  for (let at = text.indexOf('\n'); at >= 0 && at < until; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1)
}

function position(lines: LineCounter, offset: number): { line: number; col: number } {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(line, 1), col: Math.max(col, 1) }
}

function lineAt(text: string, lines: LineCounter, line: number): string {
  const start = lines.lineStarts[line - 1] ?? 0
  const end = text.indexOf('\n', start)
  return text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '')
}
