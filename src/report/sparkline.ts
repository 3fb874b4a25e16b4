const LEVELS = '▁▂▃▄▅▆▇█'

/**
 * One cell a value, from 0 (the lowest bar) to `top` (the highest); a blank where there is none. What is above 0 is never
 * drawn as 0.
 */
export function sparkline(values: readonly (number | null)[], top: number): string {
  return values
    .map((value) => {
      if (value === null || !Number.isFinite(value)) return ' '
      if (!(value > 0)) return LEVELS[0]
      const share = top > 0 ? Math.min(1, value / top) : 1
      return LEVELS[Math.max(1, Math.round(share * (LEVELS.length - 1)))]
    })
    .join('')
}
