import { readFileSync } from 'node:fs'

/** The last lines of a log, for an error message; without the warning that every Envoy prints. */
export function lastLines(file: string, count = 8): string[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return ['(no log)']
  }
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.includes('active downstream connections'))
  return lines.length === 0 ? ['(the log is empty)'] : lines.slice(-count).map((line) => line.slice(0, 500))
}
