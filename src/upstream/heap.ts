/** A binary min-heap of numbers: the least is at hand at once, adding and removing it take O(log size) steps. */
export class MinHeap {
  readonly #items: number[] = []

  get size(): number {
    return this.#items.length
  }

  /** The least, or undefined when empty. */
  get least(): number | undefined {
    return this.#items[0]
  }

  add(value: number): void {
    const items = this.#items
    let at = items.push(value) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if ((items[parent] as number) <= value) break
      items[at] = items[parent] as number
      at = parent
    }
    items[at] = value
  }

  /** Takes the least out, and returns it; undefined when empty. */
  take(): number | undefined {
    const items = this.#items
    const least = items[0]
    const moved = items.pop()
    if (moved === undefined || items.length === 0) return least
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= items.length) break
      if (child + 1 < items.length && (items[child + 1] as number) < (items[child] as number)) child++
      if ((items[child] as number) >= moved) break
      items[at] = items[child] as number
      at = child
    }
    items[at] = moved
    return least
  }
}
