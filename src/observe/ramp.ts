import { compatibleSums } from '../statistics/compatible.ts'
import type { Draws } from '../statistics/poisson-binomial.ts'
import { CLOCK_SLACK_MS, type PhaseTimes, type RampStep } from './timeline.ts'

/** What a ramp comes to, by the percentages in force when each of its chances was drawn. */
export interface RampShare {
  /** In [0, 1]: their mean. */
  expected: number
  /** So many of the chances may meet it: what independent draws of these percentages make in 999 of 1,000 runs. */
  least: number
  most: number
}

/** Each half of a ramp is held against its own draws too, at 99.99 %: a flat share has the mean of a ramp, and not its halves. */
const HALF_TAIL = 0.00005

/** The chances of one ramp, and who of them met it. */
export class RampTally {
  readonly #steps: readonly RampStep[]
  readonly #times: PhaseTimes
  readonly #id: string
  readonly #halves = [new Half(), new Half()] as const

  constructor(id: string, times: PhaseTimes) {
    this.#id = id
    this.#times = times
    this.#steps = times.steps ?? []
  }

  /**
   * @param from - the earliest at which it may have been drawn, in ms after the start of the load
   * @param to - the latest
   */
  add(from: number, to: number, isMet: boolean): void {
    const { low, high } = this.#between(from - CLOCK_SLACK_MS, to + CLOCK_SLACK_MS)
    const isLate = from > (this.#times.from + this.#times.to) / 2
    this.#halves[isLate ? 1 : 0].add(low, high, isMet)
  }

  /** The percentages that were in force at some time of these. */
  #between(from: number, to: number): { low: number; high: number } {
    const inForce = this.#steps.flatMap(({ from: begun, percents }, i) => {
      const gone = this.#steps[i + 1]?.applied ?? Number.POSITIVE_INFINITY
      const isFirst = i === 0
      return (isFirst || begun <= to) && gone >= from ? [percents[this.#id] ?? 0] : []
    })
    if (to >= this.#times.to) inForce.push(0)
    return { low: Math.min(...inForce), high: Math.max(...inForce) }
  }

  share(): RampShare {
    const [first, second] = this.#halves
    const low = [...first.low(), ...second.low()]
    const high = [...first.high(), ...second.high()]
    const n = first.n + second.n
    const meanOf = (draws: readonly Draws[]) => draws.reduce((sum, draw) => sum + draw.n * draw.p, 0) / n
    return { expected: n === 0 ? 0 : (meanOf(low) + meanOf(high)) / 2, ...compatibleSums(low, high) }
  }

  /** Which half does not have its share, in words; null where both have. */
  wrongHalf(): string | null {
    for (const [i, half] of this.#halves.entries()) {
      const { least, most } = compatibleSums(half.low(), half.high(), HALF_TAIL)
      if (half.met < least || half.met > most)
        return `in the ${i === 0 ? 'first' : 'second'} half of its phase ${half.met} of ${half.n} met it; ${least} to ${most} are accepted`
    }
    return null
  }
}

class Half {
  n = 0
  met = 0
  readonly #low = new Map<number, number>()
  readonly #high = new Map<number, number>()

  add(low: number, high: number, isMet: boolean): void {
    this.n++
    if (isMet) this.met++
    this.#low.set(low, (this.#low.get(low) ?? 0) + 1)
    this.#high.set(high, (this.#high.get(high) ?? 0) + 1)
  }

  low = (): Draws[] => drawsOf(this.#low)
  high = (): Draws[] => drawsOf(this.#high)
}

const drawsOf = (counts: ReadonlyMap<number, number>): Draws[] => [...counts].map(([percent, n]) => ({ n, p: percent / 100 }))
