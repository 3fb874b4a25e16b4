import { ChaosError } from '../errors.ts'
import { show } from '../value/show.ts'

/** What a shell would act upon, outside of quotes. */
const FOR_A_SHELL = /^(?:[|&;<>()`*~]|\$(?!\{))/

/**
 * The words of a command line, as a shell would split it: at blanks, but for what is quoted or behind a backslash. What
 * only a shell does (`cd shop && npm start`) is refused, since none reads the command of an app.
 * @throws ChaosError `badInput`
 */
export function commandWords(line: string): string[] {
  const words: string[] = []
  let word: string | undefined
  for (let at = 0; at < line.length; at++) {
    const character = line[at] as string
    if (/\s/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (character === "'" || character === '"') {
      const end = closing(line, at, character)
      word = `${word ?? ''}${unescaped(line.slice(at + 1, end), character)}`
      at = end
    } else if (character === '\\' && at + 1 < line.length) {
      word = `${word ?? ''}${line[++at]}`
    } else if (FOR_A_SHELL.test(line.slice(at, at + 2))) {
      throw new ChaosError('badInput', `no shell reads the command, so ${show(character)} in ${show(line)} would do nothing`, {
        hint: `have a shell read it: ${show(`sh -c '${line.replaceAll("'", '"')}'`)}; or put the character in quotes`,
      })
    } else word = `${word ?? ''}${character}`
  }
  if (word !== undefined) words.push(word)
  if (/^\w+=/.test(words[0] ?? ''))
    throw new ChaosError('badInput', `expected a program, and no shell reads the command, got ${show(words[0])}`, {
      hint: 'leave the variable out, and put it under app.env of the scenario',
    })
  return words
}

function closing(line: string, from: number, quote: string): number {
  for (let at = from + 1; at < line.length; at++) {
    if (line[at] === quote) return at
    if (quote === '"' && line[at] === '\\') at++
  }
  throw new ChaosError('badInput', `the quote ${quote} in ${show(line)} is not closed`)
}

/** @see POSIX shell, 2.2.3: between double quotes a backslash escapes these alone. */
const unescaped = (text: string, quote: string) => (quote === '"' ? text.replace(/\\([$`"\\])/g, '$1') : text)
