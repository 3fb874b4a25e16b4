import { logGamma } from './beta.ts'

/** So many draws of one chance. */
export interface Draws {
  n: number
  /** In [0, 1]. */
  p: number
}

/** Below this a probability adds nothing to a tail of interest. */
const NEGLIGIBLE = 1e-15

/**
 * The distribution of how many of independent draws succeed, where their chances differ: `at[i]` is the probability of
 * `first + i`; what is left out at both ends is negligible.
 *
 * Draws of one chance are a binomial; those are convolved, so it takes time by how many different chances there are.
 * @see Y. Hong, "On computing the distribution function for the Poisson binomial distribution", Comput. Stat. Data Anal. 59 (2013)
 */
export function distributionOf(draws: readonly Draws[]): Distribution {
  let sum: Distribution = { first: 0, at: Float64Array.of(1) }
  for (const each of draws) if (each.n > 0) sum = convolved(sum, binomial(each))
  return sum
}

interface Distribution {
  first: number
  at: Float64Array
}

/** P(X <= k) and P(X >= k). */
export function tailsOf({ first, at }: Distribution, k: number): { atMost: number; atLeast: number } {
  let [atMost, atLeast] = [0, 0]
  at.forEach((chance, i) => {
    if (first + i <= k) atMost += chance
    if (first + i >= k) atLeast += chance
  })
  return { atMost, atLeast }
}

function binomial({ n, p }: Draws): Distribution {
  if (p <= 0) return { first: 0, at: Float64Array.of(1) }
  if (p >= 1) return { first: n, at: Float64Array.of(1) }
  const logChance = (k: number) => logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1) + k * Math.log(p) + (n - k) * Math.log1p(-p)
  const mode = Math.min(n, Math.floor((n + 1) * p))
  let [first, last] = [mode, mode]
  while (first > 0 && Math.exp(logChance(first - 1)) > NEGLIGIBLE) first--
  while (last < n && Math.exp(logChance(last + 1)) > NEGLIGIBLE) last++
  return { first, at: Float64Array.from({ length: last - first + 1 }, (_, i) => Math.exp(logChance(first + i))) }
}

function convolved(a: Distribution, b: Distribution): Distribution {
  const at = new Float64Array(a.at.length + b.at.length - 1)
  a.at.forEach((x, i) => {
    b.at.forEach((y, j) => {
      at[i + j] = (at[i + j] as number) + x * y
    })
  })
  let [from, to] = [0, at.length]
  while (from < to - 1 && (at[from] as number) <= NEGLIGIBLE) from++
  while (to > from + 1 && (at[to - 1] as number) <= NEGLIGIBLE) to--
  return { first: a.first + b.first + from, at: at.slice(from, to) }
}
