/** A stream of draws, each uniform in [0, 1). */
export type Random = () => number

/** The 99th percentile of the standard normal distribution, in standard deviations. */
const Z99 = 2.3263478740408408

/**
 * Mixes the 32 bits of `x`; one to one, so different inputs stay different.
 * @see https://github.com/skeeto/hash-prospector (Chris Wellons): multipliers 21f0aaad and 735a2d97
 */
function mix32(x: number): number {
  let z = x
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
  return (z ^ (z >>> 15)) >>> 0
}

const rotateLeft = (x: number, bits: number) => (x << bits) | (x >>> (32 - bits))

/**
 * xoshiro128** 1.1, period 2^128 - 1.
 * @param state - four words of 32 bits, not all zero.
 * @returns a function giving the next unsigned 32-bit word.
 * @see https://prng.di.unimi.it/xoshiro128starstar.c (David Blackman and Sebastiano Vigna, public domain)
 */
export function xoshiro128(state: readonly [number, number, number, number]): () => number {
  let [a, b, c, d] = state
  return () => {
    const word = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = rotateLeft(d, 11)
    return word
  }
}

/**
 * The stream of `seed`: the same seed gives the same draws on every machine. Steps of 2^-32.
 * @param seed - an integer, taken modulo 2^32. Give each consumer its own, by `deriveSeed`.
 */
export function random(seed: number): Random {
  // Four neighbours of splitmix's sequence: `mix32` is one to one, so at most one is zero and the state is valid.
  let counter = seed >>> 0
  const word = () => {
    counter = (counter + 0x9e3779b9) | 0
    return mix32(counter)
  }
  const next = xoshiro128([word(), word(), word(), word()])
  return () => next() / 2 ** 32
}

/**
 * A seed for one consumer, so that a draw more in one place moves nothing elsewhere:
 * `deriveSeed(7, 'latency', 'inventory', 2)`.
 * @returns an unsigned 32-bit integer; two of n consumers share one with a chance of about n^2 / 2^33.
 * @see http://www.isthe.com/chongo/tech/comp/fnv/ (FNV-1a, 32 bit), finished by `mix32` for avalanche
 */
export function deriveSeed(seed: number, ...labels: readonly (string | number)[]): number {
  // JSON keeps apart what plain joining would confuse: ('a', 'bc') and ('ab', 'c'), 1 and '1'.
  const text = JSON.stringify([seed, ...labels])
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return mix32(hash)
}

/** A draw from the exponential distribution, in the unit of `mean`: the gaps of a Poisson process. One draw of `rng`. */
export function exponential(rng: Random, mean: number): number {
  return -mean * Math.log1p(-rng())
}

/**
 * A draw from the log-normal distribution with the median `p50` and the 99th percentile `p99`, in their unit: the usual
 * shape of service times. Two draws of `rng` (Box and Muller 1958, the second normal is not kept, so that no state is).
 * @throws RangeError unless 0 < p50 <= p99.
 */
export function logNormal(rng: Random, p50: number, p99: number): number {
  if (!(p50 > 0 && p99 >= p50)) throw new RangeError(`a log-normal needs 0 < p50 <= p99, got p50 ${p50} and p99 ${p99}`)
  const sigma = Math.log(p99 / p50) / Z99
  const normal = Math.sqrt(-2 * Math.log1p(-rng())) * Math.cos(2 * Math.PI * rng())
  return p50 * Math.exp(sigma * normal)
}

/**
 * One of `values`, each with the same chance. One draw of `rng`.
 * @throws RangeError when there are none.
 */
export function pick<T>(rng: Random, values: readonly T[]): T {
  if (values.length === 0) throw new RangeError('nothing to pick from')
  return values[Math.floor(rng() * values.length)] as T
}
