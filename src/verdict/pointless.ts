import type { Claim } from './claim.ts'
import { limitsOf } from './decide.ts'

/** Why a claim says nothing, whatever happens: it holds always, or never. Undefined when it can go either way. */
export function pointless(claim: Claim): string | undefined {
  if (claim.family === 'recovery' || claim.family === 'content') return undefined
  if (claim.family === 'every') {
    if (!('attempts' in claim.of)) return undefined
    return range(claim.of.attempts, 0, Number.POSITIVE_INFINITY)
  }
  return range(claim.condition, 0, claim.family === 'share' ? 1 : Number.POSITIVE_INFINITY)
}

/** @param lowest, highest - the values that the metric can take at all */
function range(condition: Parameters<typeof limitsOf>[0], lowest: number, highest: number): string | undefined {
  const { least, most, open } = limitsOf(condition)
  if (open ? most <= lowest || least >= highest : most < lowest || least > highest) return 'can never hold'
  if (open ? least < lowest && most > highest : least <= lowest && most >= highest) return 'can never fail'
  return undefined
}
