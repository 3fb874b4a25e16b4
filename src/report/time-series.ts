export type Labels = Readonly<Record<string, string>>

/** Equal steps of time, from the start of the load on; what lies outside counts for the first or the last. */
export interface Steps {
  ms: number
  count: number
}

export const stepOf = (at: number, { ms, count }: Steps): number => Math.min(count - 1, Math.max(0, Math.floor(at / ms) || 0))

/** Numbers by labels and by steps of time. */
export class TimeSeries {
  readonly #steps: Steps
  readonly #series = new Map<string, { labels: Labels; values: Float64Array }>()

  constructor(steps: Steps) {
    this.#steps = steps
  }

  /** @param at - ms after the start of the load */
  add(labels: Labels, at: number, value = 1): void {
    const key = JSON.stringify(Object.values(labels))
    let own = this.#series.get(key)
    if (own === undefined) {
      own = { labels, values: new Float64Array(this.#steps.count) }
      this.#series.set(key, own)
    }
    const step = stepOf(at, this.#steps)
    own.values[step] = (own.values[step] as number) + value
  }

  /** In the order of their first event. */
  get all(): Iterable<{ labels: Labels; values: Float64Array }> {
    return this.#series.values()
  }
}
