const MICROS_PER_MS = 1000
/** In microseconds: from here on a length is rounded up to `COARSE`, or a starved machine would make each length another. */
const LONG = 10_000
const COARSE = 100

/**
 * Lengths of time, in ms, kept to a microsecond or, where they are long, 0.1 ms: how many of each, since a long run has many
 * of few lengths.
 */
export class Lengths {
  readonly #counts = new Map<number, number>()
  #count = 0

  add(ms: number): void {
    const exact = Math.round(ms * MICROS_PER_MS)
    const micros = exact < LONG ? exact : Math.ceil(exact / COARSE) * COARSE
    this.#counts.set(micros, (this.#counts.get(micros) ?? 0) + 1)
    this.#count++
  }

  get longest(): number {
    return (this.#longestFirst()[0] ?? 0) / MICROS_PER_MS
  }

  /** The value of rank ⌈share × n⌉, in ms; 0 when there is none. */
  quantile(share: number): number {
    let above = this.#count - Math.ceil(this.#count * share)
    let found = 0
    for (const micros of this.#longestFirst()) {
      found = micros
      above -= this.#counts.get(micros) as number
      if (above < 0) break
    }
    return found / MICROS_PER_MS
  }

  /** What is not a number counts as the longest, as it does in a sorted Float64Array. */
  #longestFirst(): Float64Array {
    return Float64Array.from(this.#counts.keys()).sort().reverse()
  }
}
