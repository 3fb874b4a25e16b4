import { MOST_CHOOSING } from '../scenario/limits.ts'

/*
 * Where an app stands between, it need not hand on a header of ours; but it hands on an id, so that its calls can be told.
 * So there the ids of a request say for which faults it was chosen. Each of those faults has a bit: `r-7.5` is chosen for
 * those of the bits 0 and 2. In a traceparent, eight digits of the trace say so.
 */

const BITS_PER_DIGIT = 4
const DIGITS = MOST_CHOOSING / BITS_PER_DIGIT

/** So that no trace that an app begins by itself is taken for one of ours. */
const TRACE = 'c4a05c4a05c4a05c'

/** @param marks - a bit for each fault that the request is chosen for */
export const markedId = (id: string, marks: number) => (marks === 0 ? id : `${id}.${marks.toString(16)}`)

/** The id of a trace. The place of the request in the load has eight digits, too. */
export const markedTrace = (index: number, marks: number) => `${TRACE}${digits(marks)}${digits(index + 1)}`

const digits = (number: number) => number.toString(16).padStart(DIGITS, '0')

/** The place in the load of the request that a traceparent of ours is of; undefined of any other. */
export function indexOfTrace(traceparent: string): number | undefined {
  const hex = new RegExp(`^00-${TRACE}[0-9a-f]{${DIGITS}}([0-9a-f]{${DIGITS}})-`).exec(traceparent)?.[1]
  return hex === undefined ? undefined : Number.parseInt(hex, 16) - 1
}

/** The ids that a call came with, with blanks between: Envoy collects them, and takes them off again at the hop. */
export const IDS_HEADER = 'x-chaos-ids'

/** What the collected ids are compared with, as a whole: whether one of them is of a request that is chosen for the fault of this bit. */
export function markExpression(bit: number): string {
  const above = Math.floor(bit / BITS_PER_DIGIT)
  const value = 1 << (bit % BITS_PER_DIGIT)
  const hex = [...'0123456789abcdef']
  const isSet = `[${hex.filter((_, digit) => (digit & value) !== 0).join('')}]`
  const id = `r-[0-9]+\\.[0-9a-f]*${isSet}[0-9a-f]{${above}}`
  const trace = `00-${TRACE}[0-9a-f]{${DIGITS - above - 1}}${isSet}[0-9a-f]{${above + DIGITS}}-[^ ]*`
  return `(?:.* )?(?:${id}|${trace})(?: .*)?`
}
