/** A list of numbers that grows. As an array it would take two or three times the memory while it does, which counts where each request has one. */
export class Numbers<Column extends Float64Array | Uint32Array> {
  readonly #of: new (
    size: number,
  ) => Column
  #column: Column
  #length = 0

  /** @param expected - how many there will be, where that is known: a first size, no limit */
  constructor(of: new (size: number) => Column, expected = 1024) {
    this.#of = of
    this.#column = new of(expected)
  }

  get length(): number {
    return this.#length
  }

  push(value: number): void {
    if (this.#length === this.#column.length) {
      const larger = new this.#of(Math.max(1024, 2 * this.#length))
      larger.set(this.#column)
      this.#column = larger
    }
    this.#column[this.#length++] = value
  }

  at(index: number): number {
    return this.#column[index] as number
  }

  /** Exactly as long as there are numbers. */
  get all(): Column {
    return (this.#length === this.#column.length ? this.#column : this.#column.slice(0, this.#length)) as Column
  }
}
