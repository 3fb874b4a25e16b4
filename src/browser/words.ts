/** Numbers in words. */

const number = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const fine = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 })

export const count = (value: number) => number.format(value)

/** Three digits or so, and whole from a hundred on. */
export const rough = (value: number) => (Math.abs(value) >= 100 ? number.format(value) : fine.format(value))

export const perSecond = (value: number) => `${rough(value)}/s`

/** `12 ms`, `1.25 s` */
export function time(ms: number | null): string {
  if (ms === null) return '–'
  return ms >= 1000 ? `${fine.format(ms / 1000)} s` : `${rough(ms)} ms`
}

/** A place on the axis: `5.2 s`, `2:05` */
export function moment(ms: number): string {
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.floor(ms / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

export const share = (part: number, whole: number) => (whole === 0 ? '–' : `${Number(((part / whole) * 100).toFixed(2))} %`)
