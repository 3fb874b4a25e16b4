/**
 * What GitHub's runner takes for a command: `::name …::` at the beginning of a line, after blanks, and the older `##[name …]`
 * anywhere in it. It compares by culture, which passes over characters without width.
 * @see https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
const COMMAND = /^([\s\p{C}]*:)\p{Cf}*:/gmu
const OLDER_COMMAND = /(#\p{Cf}*#)\p{Cf}*\[/gu

/** The same lines, of which none is a command: a blank parts its signs. */
export const withoutCommands = (text: string) => text.replace(COMMAND, '$1 :').replace(OLDER_COMMAND, '$1 [')

/** The same of JSON, which no line of begins so, and whose values stay what they are. */
export const jsonWithoutCommands = (json: string) => json.replace(OLDER_COMMAND, '$1\\u005b')
