import { deriveSeed, exponential, type Random, random } from '../random.ts'
import type { ThinkTime } from './plan.ts'

/**
 * Draws kinds of request by their weight: indices into `Plan.requests`, the same ones for the same seed.
 * @param weights - above zero, at least one
 */
export function kindDrawer(weights: readonly number[], seed: number): () => number {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const rng = random(deriveSeed(seed, 'requests'))
  return () => {
    let left = rng() * total
    for (const [index, weight] of weights.entries()) {
      left -= weight
      if (left < 0) return index
    }
    return weights.length - 1
  }
}

/** Draws the think times of one caller, in ms. @param caller - counted from 0; each has a stream of its own */
export function thinkDrawer(think: ThinkTime | undefined, seed: number, caller: number): () => number {
  if (think === undefined) return () => 0
  if (think.kind === 'fixed') return () => think.ms
  const rng: Random = random(deriveSeed(seed, 'think', caller))
  return () => exponential(rng, think.mean)
}
