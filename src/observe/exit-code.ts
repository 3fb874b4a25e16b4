import { EXIT_CODE_HEADER } from '../plan/run-answer.ts'
import type { RequestRecord } from './record.ts'

/** How a run of an app ended; null where its answer does not say. */
export function exitCodeOf({ headers, error }: Pick<RequestRecord, 'headers' | 'error'>): number | null {
  if (headers === null || error !== null || !('fields' in headers)) return null
  const text = headers.fields[EXIT_CODE_HEADER]
  return text === null || text === undefined ? null : Number(text)
}
