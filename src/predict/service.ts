import { unreachable } from '../errors.ts'
import type { Latency } from '../upstream/spec.ts'
import type { Chance } from './outcome.ts'

/** The 99th percentile of the standard normal distribution, in standard deviations. */
const Z99 = 2.3263478740408408
/** The normal distribution is cut into slices so thin, out to where one value in a million lies. */
const SLICE = 0.02
const OUTERMOST = 5
/** As fine as time is told apart in what is added up later. */
const GRAIN_MS = 0.5

/**
 * The service times of a stub as a table: how likely each is. Distributions without an end are cut where one value in a
 * million lies beyond.
 */
export function serviceTimes(latency: Latency): Chance[] {
  switch (latency.kind) {
    case 'fixed':
      return [{ chance: 1, ms: latency.ms }]
    case 'uniform':
      return gathered(slices((z) => latency.from + normalShare(z) * (latency.to - latency.from)))
    case 'exponential':
      return gathered(slices((z) => -latency.mean * Math.log1p(-normalShare(z))))
    case 'log-normal':
      return gathered(slices((z) => latency.p50 * Math.exp((z * Math.log(latency.p99 / latency.p50)) / Z99)))
    case 'samples':
      return gathered(latency.ms.map((ms) => ({ chance: 1 / latency.ms.length, ms })))
    default:
      return unreachable(latency)
  }
}

/** As many times at the most, for what is combined with other times: neighbours are taken together. */
const COARSE = 40

/** How long a delay holds, as a short table. */
export function holdTimes(law: Latency): Chance[] {
  const fine = serviceTimes(law).toSorted((a, b) => a.ms - b.ms)
  if (fine.length <= COARSE) return fine
  const sums = new Map<number, { chance: number; weighted: number }>()
  let below = 0
  for (const { chance, ms } of fine) {
    const key = Math.min(COARSE - 1, Math.floor((below + chance / 2) * COARSE))
    below += chance
    const sum = sums.get(key) ?? { chance: 0, weighted: 0 }
    sums.set(key, { chance: sum.chance + chance, weighted: sum.weighted + chance * ms })
  }
  return [...sums.values()].map(({ chance, weighted }) => ({ chance, ms: weighted / chance }))
}

export const meanOf = (times: readonly Chance[]): number => times.reduce((sum, { chance, ms }) => sum + chance * ms, 0)

const density = (z: number) => Math.exp((-z * z) / 2)
const ZS = Array.from({ length: Math.round((2 * OUTERMOST) / SLICE) + 1 }, (_, i) => -OUTERMOST + i * SLICE)
const WHOLE = ZS.reduce((sum, z) => sum + density(z), 0)

/** A value for each slice of the normal distribution: any distribution, by its value at the same share. */
function slices(valueAt: (z: number) => number): Chance[] {
  return ZS.map((z) => ({ chance: density(z) / WHOLE, ms: valueAt(z) }))
}

/** The share of a normal distribution below z, from the same slices. */
function normalShare(z: number): number {
  const index = Math.round((z + OUTERMOST) / SLICE)
  return SHARES[index] as number
}

const SHARES = (() => {
  let below = 0
  return ZS.map((z) => {
    const half = density(z) / WHOLE / 2
    below += half
    const share = below
    below += half
    return share
  })
})()

/** Values that do not differ by more than the grain become one. */
function gathered(values: readonly Chance[]): Chance[] {
  const sums = new Map<number, { chance: number; weighted: number }>()
  for (const { chance, ms } of values) {
    const key = Math.round(ms / GRAIN_MS)
    const sum = sums.get(key) ?? { chance: 0, weighted: 0 }
    sum.chance += chance
    sum.weighted += chance * ms
    sums.set(key, sum)
  }
  return [...sums.values()].map(({ chance, weighted }) => ({ chance, ms: weighted / chance }))
}
