import { Tally } from './tally.ts'

export interface Slot {
  ms: number
  tally: Tally
}

/**
 * The whole of a run in at most so many slots: when they are full, each two become one. All but the last are of one
 * length.
 */
export class History {
  readonly #most: number
  #slots: Slot[] = []
  #slotMs: number

  constructor(most: number, slotMs: number) {
    this.#most = most
    this.#slotMs = slotMs
  }

  get slots(): readonly Slot[] {
    return this.#slots
  }

  add(tally: Tally, ms: number): void {
    let last = this.#slots.at(-1)
    if (last === undefined || last.ms >= this.#slotMs) {
      if (this.#slots.length === this.#most) this.#halve()
      last = { ms: 0, tally: new Tally() }
      this.#slots.push(last)
    }
    last.ms += ms
    last.tally.add(tally)
  }

  #halve(): void {
    this.#slotMs *= 2
    this.#slots = merged(this.#slots, 2)
  }
}

/** Each `by` slots that follow one another as one. */
export function merged(slots: readonly Slot[], by: number): Slot[] {
  const made: Slot[] = []
  for (const [index, { ms, tally }] of slots.entries()) {
    if (index % by === 0) made.push({ ms: 0, tally: new Tally() })
    const slot = made.at(-1) as Slot
    slot.ms += ms
    slot.tally.add(tally)
  }
  return made
}
