import type { RequestRecord } from '../observe/record.ts'

/** Of each cause, and in all. */
const OF_EACH = 3
const MOST = 60

/** Which requests are shown in full: those that witness a claim, and the first few of each cause. */
export class SampleChoice {
  readonly #wanted: ReadonlySet<string>
  readonly #perCause = new Map<string, number>()
  readonly chosen: { record: RequestRecord; cause: string }[] = []

  constructor(wanted: ReadonlySet<string>) {
    this.#wanted = wanted
  }

  /** @param cause - null of a success */
  add(record: RequestRecord, cause: string | null): void {
    const isWanted = this.#wanted.has(record.id)
    if (cause === null) {
      if (isWanted) this.chosen.push({ record, cause: 'a success' })
      return
    }
    const known = this.#perCause.get(cause) ?? 0
    if (!isWanted && (known >= OF_EACH || this.chosen.length >= MOST)) return
    this.#perCause.set(cause, known + 1)
    this.chosen.push({ record, cause })
  }
}
