import type { Records } from '../observe/records.ts'
import type { Plan } from '../plan/plan.ts'
import { plural } from '../value/show.ts'

/**
 * Which headers that routes look for an app did not hand on, as the end of a sentence: then its calls took other routes
 * than they were meant to. Empty where none was lost.
 */
export function lostHeaders(records: Records, { policy, requests }: Plan): string {
  return policy.routedBy
    .map((name) => {
      const sent = records.filter(({ request, calls }) => calls.length > 0 && requests[request]?.headers[name] !== undefined)
      const lost = sent.filter(({ request, calls }) => {
        const line = `${name}: ${requests[request]?.headers[name]}`
        return calls.every(({ egress }) => egress.routedBy !== undefined && !egress.routedBy.includes(line))
      })
      if (lost.length === 0) return ''
      return `; the app does not hand on ${name}, which routes look for: the load sent it with ${plural(sent.length, 'request')}, and the calls made for ${lost.length === sent.length ? 'them' : `${lost.length} of them`} came to Envoy without it`
    })
    .join('')
}
