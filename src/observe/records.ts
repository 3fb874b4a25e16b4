import type { RequestRecord } from './record.ts'

/**
 * The records of a run, or some of them, in the order of sending. An array is one; so is a form that makes each record
 * anew when it is asked for, since a long run has more of them than fit the memory as objects. So: go through them, do
 * not keep them, and make no array of them (`Array.from`, `Map.groupBy` and `[...records]` do, and `Float64Array.from`
 * does before it makes its numbers).
 */
export interface Records extends Iterable<RequestRecord> {
  readonly length: number
  filter(test: (record: RequestRecord) => boolean): Records
  reduce<T>(step: (before: T, record: RequestRecord) => T, first: T): T
  some(test: (record: RequestRecord) => boolean): boolean
  every(test: (record: RequestRecord) => boolean): boolean
  find(test: (record: RequestRecord) => boolean): RequestRecord | undefined
  slice(from: number, to: number): readonly RequestRecord[]
}

/** A number of each record, in their order. */
export function numbersOf(records: Records, of: (record: RequestRecord) => number): Float64Array {
  const numbers = new Float64Array(records.length)
  let next = 0
  for (const record of records) numbers[next++] = of(record)
  return numbers
}

/** Records that are made when they are asked for. */
export abstract class MadeRecords implements Records {
  abstract readonly length: number
  abstract filter(test: (record: RequestRecord) => boolean): Records
  abstract slice(from: number, to: number): readonly RequestRecord[]
  abstract [Symbol.iterator](): Iterator<RequestRecord>

  reduce<T>(step: (before: T, record: RequestRecord) => T, first: T): T {
    let value = first
    for (const record of this) value = step(value, record)
    return value
  }

  some(test: (record: RequestRecord) => boolean): boolean {
    return this.find(test) !== undefined
  }

  every(test: (record: RequestRecord) => boolean): boolean {
    return this.find((record) => !test(record)) === undefined
  }

  find(test: (record: RequestRecord) => boolean): RequestRecord | undefined {
    for (const record of this) if (test(record)) return record
    return undefined
  }
}

/** Records with a part of each left out, or changed, whenever one is asked for. */
export class ChangedRecords extends MadeRecords {
  readonly #of: Records
  readonly #change: (record: RequestRecord) => RequestRecord

  constructor(of: Records, change: (record: RequestRecord) => RequestRecord) {
    super()
    this.#of = of
    this.#change = change
  }

  get length(): number {
    return this.#of.length
  }

  *[Symbol.iterator](): Generator<RequestRecord> {
    for (const record of this.#of) yield this.#change(record)
  }

  filter(test: (record: RequestRecord) => boolean): Records {
    const chosen = this.#of.filter((record) => test(this.#change(record)))
    return new ChangedRecords(chosen, this.#change)
  }

  slice(from: number, to: number): readonly RequestRecord[] {
    return this.#of.slice(from, to).map(this.#change)
  }
}
