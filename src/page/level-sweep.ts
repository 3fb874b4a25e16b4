import { OpenStays } from '../observe/open-stays.ts'
import type { Axis } from './page-data.ts'

/** How much was open at once in each stretch of the axis: goes along the time, and keeps only what is open. */
export class LevelSweep {
  readonly #axis: Axis
  readonly #peak: number[]
  readonly #area: number[]
  readonly #stays = new OpenStays()
  #now = 0

  constructor(axis: Axis) {
    this.#axis = axis
    this.#peak = new Array<number>(axis.count).fill(0)
    this.#area = new Array<number>(axis.count).fill(0)
  }

  /** From a time on that was not passed yet. */
  add(from: number, to: number): void {
    this.#stays.add(from, to)
  }

  /** Passes all that begins or ends before this time. */
  upTo(ms: number): void {
    this.#stays.upTo(ms, (at) => this.#passTo(at))
  }

  /** @returns the most at once, and the average over the time, of each stretch */
  end(): { peak: number[]; mean: number[] } {
    this.upTo(Number.POSITIVE_INFINITY)
    this.#passTo(this.#axis.step * this.#axis.count)
    return { peak: this.#peak, mean: this.#area.map((area) => Number((area / this.#axis.step).toFixed(2))) }
  }

  #passTo(ms: number): void {
    const { step, count } = this.#axis
    const to = Math.min(ms, step * count)
    while (this.#now < to) {
      const place = Math.floor(this.#now / step)
      const until = Math.min(to, (place + 1) * step)
      this.#area[place] = (this.#area[place] as number) + this.#stays.open * (until - this.#now)
      this.#peak[place] = Math.max(this.#peak[place] as number, this.#stays.open)
      this.#now = until
    }
  }
}
