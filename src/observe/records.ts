import type { RequestRecord } from './record.ts'

/**
 * The records of a run, or some of them, in the order of sending. An array is one; so is a form that makes each record
 * anew when it is asked for, since a long run has more of them than fit the memory as objects. So: go through them, do
 * not keep them.
 */
export interface Records extends Iterable<RequestRecord> {
  readonly length: number
  filter(test: (record: RequestRecord) => boolean): Records
  map<T>(of: (record: RequestRecord) => T): T[]
  flatMap<T>(of: (record: RequestRecord) => readonly T[]): T[]
  reduce<T>(step: (before: T, record: RequestRecord) => T, first: T): T
  some(test: (record: RequestRecord) => boolean): boolean
  every(test: (record: RequestRecord) => boolean): boolean
  find(test: (record: RequestRecord) => boolean): RequestRecord | undefined
  slice(from: number, to: number): readonly RequestRecord[]
}
