import { unreachable } from '../errors.ts'
import { ATTEMPT_HEADER, type Attempts } from '../fault/attempts.ts'
import { comparison, type RequestTest } from '../fault/when.ts'
import { IDS_HEADER, markExpression } from '../plan/marks.ts'
import { type Chosen, chosenHeader, type PlannedFault } from '../plan/plan.ts'

/** Whom a fault is for, as its filter and its route are told. */
export function headerMatchers(fault: PlannedFault) {
  const { when, attempts, chosen } = fault
  const headers = [
    // What `when` asks decided before the run who is chosen: an app may make something else of it.
    ...(chosen?.bit === undefined ? when.map(headerMatcher) : []),
    ...(attempts === null ? [] : [attemptMatcher(attempts)]),
    ...(chosen === null ? [] : [markMatcher(fault, chosen)]),
  ]
  return headers.length > 0 ? { headers } : {}
}

const markMatcher = (fault: PlannedFault, { bit }: Chosen) =>
  bit === undefined
    ? { name: chosenHeader(fault), present_match: true }
    : { name: IDS_HEADER, string_match: { safe_regex: { regex: markExpression(bit) } } }

/** @see Envoy `config.route.v3.HeaderMatcher` */
function headerMatcher(test: RequestTest) {
  const asked = comparison(test)
  switch (asked.op) {
    case 'present':
    case 'absent':
      return { name: test.name, present_match: asked.op === 'present' }
    case 'regex':
      return { name: test.name, string_match: { safe_regex: { regex: asked.text } } }
    case 'exact':
    case 'prefix':
      return { name: test.name, string_match: { [asked.op]: asked.text } }
    default:
      return unreachable(asked)
  }
}

/** Behind the last number that a range of tries can have. */
const NO_END = 2 ** 31

const attemptMatcher = ({ from, to }: Attempts) => ({
  name: ATTEMPT_HEADER,
  range_match: { start: from, end: Math.min(to + 1, NO_END) },
})
