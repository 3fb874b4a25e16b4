/** Code with its comment, or with an empty one. */
export type Line = readonly [code: string, comment: string]

/** Lines with the comments behind them one below the other. */
export function beside(lines: readonly Line[]): string[] {
  const width = Math.max(...lines.filter(([, comment]) => comment !== '').map(([code]) => code.length))
  return lines.map(([code, comment]) => {
    if (comment === '') return code
    return code.startsWith('#') ? `${code.padEnd(width)}  ${comment}` : `${code.padEnd(width)} # ${comment}`
  })
}
