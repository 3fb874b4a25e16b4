import type { Axis } from './page-data.ts'

/** Stretches that people read easily, in ms. */
const STEPS = [50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000]
/** More do not fit a screen as lines that can be told apart. */
const MOST = 300
/** Fewer make no course. */
const FEWEST = 40
/** Below this a rate is mostly chance. */
const REQUESTS_EACH = 15

/**
 * Stretches that are short enough to show a course, and long enough to hold some requests each.
 * @param length - of the run, in ms
 */
export function axisFor(length: number, requests: number): Axis {
  const within = (step: number) => Math.ceil(length / step)
  const step =
    STEPS.find((each) => within(each) <= MOST && (requests / within(each) >= REQUESTS_EACH || within(each) <= FEWEST * 2)) ??
    Math.max(60_000, Math.ceil(length / MOST / 60_000) * 60_000)
  return { step, count: Math.max(0, within(step)) }
}

/** The same with more stretches at its end, for what still goes on when the load is over. */
export const withTail = ({ step, count }: Axis, tail: number): Axis => ({ step, count: count + Math.ceil(tail / step) })

/** Which stretch a time falls into; what comes after the last one is in none: -1. */
export function stretchAt({ step, count }: Axis, ms: number): number {
  const at = Math.max(0, Math.floor(ms / step))
  return at < count ? at : -1
}

/** A row of counts over the axis. */
export class Row {
  readonly counts: number[]
  readonly #axis: Axis

  constructor(axis: Axis) {
    this.#axis = axis
    this.counts = new Array<number>(axis.count).fill(0)
  }

  add(ms: number, count = 1): void {
    const at = stretchAt(this.#axis, ms)
    if (at >= 0) this.counts[at] = (this.counts[at] as number) + count
  }
}
