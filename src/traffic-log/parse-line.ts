import type { BadLine, LogEntry } from './entry.ts'
import { parseJsonLine } from './json-line.ts'
import { parseTextLine } from './text-line.ts'

/** A line of either kind; both may stand in one file, as where containers write to one stream. */
export const parseLine = (line: string): LogEntry | BadLine => (line.startsWith('{') ? parseJsonLine(line) : parseTextLine(line))

export const isBad = (parsed: LogEntry | BadLine): parsed is BadLine => 'expected' in parsed
