import type { DocumentPath } from './scenario.ts'

/** Something wrong with a scenario, by its place in the document; `locate.ts` turns it into a line and a column. */
export interface Finding {
  path: DocumentPath
  message: string
  /** What to do. */
  hint?: string
  /**
   * What of `path` to point at. `value` (the default) is what stands there; `key` is the key itself, for a name that is
   * wrong; `whole` is the key that encloses, for something that is missing from `path`.
   */
  at?: 'value' | 'key' | 'whole'
}

/** `phases[1].faults[0].percent`: as people write it, counted from 0 as in every report. */
export function formatPath(path: DocumentPath): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else if (/^[\w-]+$/.test(part)) text += text === '' ? part : `.${part}`
    else text += `[${JSON.stringify(part)}]`
  }
  return text
}
