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
