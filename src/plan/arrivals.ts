import { Numbers } from '../numbers.ts'
import { deriveSeed, exponential, random } from '../random.ts'
import { flowIn, type Stretch } from '../scenario/shape.ts'

/** Adding up rates can come out a hair above a whole number (0.1 * 3): that is no further request. */
const ROUNDING = 1e-9

/**
 * When the requests of the open loop are due, in ms after the start of the load. Every draw is made by its place on a
 * line of expected requests, which the rate then stretches over time (a change of time, as for an inhomogeneous Poisson
 * process): 2 of 100 at a tenth of the rate are due ten times as far apart.
 * @see D. R. Cox, P. A. W. Lewis, "The Statistical Analysis of Series of Events" (1966), section 2.3
 */
export function dueTimes(stretches: readonly Stretch[], arrivals: 'constant' | 'poisson', seed: number): Float64Array {
  const total = stretches.reduce((sum, stretch) => sum + flowIn(stretch), 0)
  const due = new Numbers(Float64Array, Math.ceil(total))
  for (const at of spread(stretches, arrivals === 'poisson' ? poisson(total, seed) : constant(total))) due.push(at)
  const bursts = burstTimes(stretches)
  for (const at of bursts) due.push(at)
  return bursts.length === 0 ? due.all : due.all.sort()
}

/** Even gaps: request i comes when i are expected. */
function* constant(total: number): Generator<number> {
  for (let i = 0; i < total - ROUNDING; i++) yield i
}

/** Exponential gaps, as independent callers make them. */
function* poisson(total: number, seed: number): Generator<number> {
  const rng = random(deriveSeed(seed, 'arrivals'))
  for (let at = exponential(rng, 1); at < total; at += exponential(rng, 1)) yield at
}

/** The times at which so many requests are expected since the start, in ascending order. */
function* spread(stretches: readonly Stretch[], expected: Iterable<number>): Generator<number> {
  let [index, start, before] = [0, 0, 0]
  for (const count of expected) {
    // What falls on an edge belongs to the stretch that begins there, unless nothing is due in that.
    while (index < stretches.length - 1 && count >= before + flowIn(stretches[index] as Stretch) - ROUNDING) {
      before += flowIn(stretches[index] as Stretch)
      start += (stretches[index] as Stretch).ms
      index++
    }
    yield start + timeOf(stretches[index] as Stretch, Math.max(0, count - before))
  }
}

/**
 * The time at which `count` requests are expected since the beginning of a stretch: where the area below its rate, a line
 * from one value to the other, has come to that. The usual solution of that quadratic equation, turned round so that a
 * rate that does not change is no division by zero.
 */
function timeOf({ ms, from, to }: Stretch, count: number): number {
  if (count === 0) return 0
  if (from === to) return (count * 1000) / from
  const slope = (to - from) / ms
  const now = Math.sqrt(Math.max(0, from * from + 2 * slope * count * 1000))
  return Math.min(ms, (2 * count * 1000) / (from + now))
}

function burstTimes(stretches: readonly Stretch[]): number[] {
  const due: number[] = []
  let start = 0
  for (const { ms, bursts } of stretches) {
    for (let at = 0; bursts !== undefined && at < ms; at += bursts.every) due.push(...new Array<number>(bursts.size).fill(start + at))
    start += ms
  }
  return due
}
