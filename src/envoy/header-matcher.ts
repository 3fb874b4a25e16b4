import { unreachable } from '../errors.ts'
import { comparison, type RequestTest } from '../fault/when.ts'
import type { PlannedFault } from '../plan/plan.ts'

/** Whom a fault is for, as its filter and its route are told. */
export const headerMatchers = ({ when }: PlannedFault) => (when.length > 0 ? { headers: when.map(headerMatcher) } : {})

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
