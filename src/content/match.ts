/** What an answer says of what is asked of it. */
export interface Match {
  /**
   * `none`: there was no answer, so that nothing of the kind can be in it. `unknown`: what it said is not known in full.
   */
  is: 'met' | 'missed' | 'unknown' | 'none'
  /** What was seen, in a phrase that equal cases share. */
  seen: string
}

const LONGEST = 80

/** A text of an answer as messages quote it. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text)
}

const BESIDE = 24

/** Where in a text another stands, with a little of what is beside it. */
export function quotedAround(text: string, found: string): string {
  const at = text.indexOf(found)
  if (at < 0 || text.length <= LONGEST) return quoted(text)
  const [from, to] = [Math.max(0, at - BESIDE), at + found.length + BESIDE]
  return JSON.stringify(`${from > 0 ? '…' : ''}${text.slice(from, to)}${to < text.length ? '…' : ''}`)
}

/** A placeholder that does not say which secret it stands for. */
const NAMELESS = /\*{3}(?!\d)/

/**
 * Whether a text in which secrets were hidden surely holds another, which has the same placeholders: `***1` is not `***12`.
 * Not so where two different secrets would look alike.
 */
export function surelyHolds(text: string, wanted: string): boolean {
  if (NAMELESS.test(wanted)) return false
  const [, ...rests] = text.split(wanted)
  return rests.some((rest) => !(/\d$/.test(wanted) && /^\d/.test(rest)))
}
