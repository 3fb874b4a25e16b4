/** Stack traces of common languages, as they leak into answers: plain, inside JSON, or in an HTML page. */

/** What a line of a trace, or its head, looks like. Each needs a place in a program, so that prose is no alarm. */
const LOOKS: readonly [language: string, pattern: RegExp][] = [
  ['Python', /^[ \t]*Traceback \(most recent call last\):|^[ \t]*File "[^"\n]{1,300}", line \d+, in \S/m],
  [
    'Java',
    /^[ \t]*at (?:[\w.@-]{1,100}\/)*[\w$]+(?:\.[\w$<>-]+)+\((?:[\w$-]+\.(?:java|kt|scala|groovy|clj)(?::\d+)?|Native Method|Unknown Source)\)|^Exception in thread "[^"\n]{1,100}" [\w$.]+/m,
  ],
  [
    'JavaScript',
    /^[ \t]*at (?:async )?(?:[^\n]{1,200} \()?(?:(?:file:\/\/|node:|webpack[\w-]*:|\/|[A-Za-z]:[\\/])[^\n()]{0,300}|[^\s()]{1,300}\.[cm]?[jt]sx?):\d+:\d+\)?[ \t"',\]}]*$/m,
  ],
  ['.NET', /^[ \t]*at [\w.`+<>[\],|]+\([^\n)]{0,300}\) in [^\n]{1,300}:line \d+|^[ \t]*--- End of (?:inner exception )?stack trace/m],
  ['.NET', /^[ \t]+at [\w`]+(?:\.[\w`<>+|]+)+\([^\n)]{0,300}\)[ \t"',]*\r?\n[ \t]+at [\w`]+(?:\.[\w`<>+|]+)+\([^\n)]{0,300}\)/m],
  ['Go', /^goroutine \d+ \[[^\]\n]{1,80}\]:|^[ \t]+\S{1,300}\.go:\d+ \+0x[0-9a-f]+/m],
  ['Ruby', /^[ \t]*(?:from )?[^\s:]{1,300}\.(?:rb|erb|ru):\d+:in ['`][^'`\n]{1,200}'/m],
  ['PHP', /^#\d+ [^\n]{1,300}\.php\(\d+\): |^(?:PHP )?Fatal error: +Uncaught [^\n]{1,500} in [^\n]{1,300}\.php:\d+/m],
  ['Rust', /^thread '[^'\n]{1,100}' (?:\(\d+\) )?panicked at [^\n]{1,300}:\d+/m],
]

/** The language of the first stack trace in a text; undefined where there is none. */
export function stackTraceIn(text: string): string | undefined {
  const lines = asLines(text)
  return LOOKS.find(([, pattern]) => pattern.test(text) || pattern.test(lines))?.[0]
}

/** As it was before JSON or HTML made one line of it. */
function asLines(text: string): string {
  return text
    .replace(/<br ?\/?>|<\/?(?:pre|code|p|div|li|h\d)>/gi, '\n')
    .replaceAll('&nbsp;', ' ')
    .replace(/&quot;|&#34;|\\{1,8}"/g, '"')
    .replace(/&#0?39;|&apos;|&#x27;/g, "'")
    .replace(/&lt;|\\u003c/gi, '<')
    .replace(/&gt;|\\u003e/gi, '>')
    .replace(/\\{1,8}(?:r\\{1,8})?n/g, '\n')
    .replace(/\\{1,8}t/g, '\t')
    .replace(/(^|[,:[{]\s*)"/gm, '$1\n')
}
