import { isStraight, type Plan } from '../plan/plan.ts'
import { plural } from '../value/show.ts'
import type { EgressLine } from './parse-logs.ts'

/**
 * Calls of an app for a host or path that is no cluster's: Envoy answered 404, and no fault or policy was in play.
 * @param lines - of such calls
 */
export function callsAstray(plan: Plan, lines: readonly EgressLine[]): string[] {
  if (isStraight(plan)) return []
  const byHost = Map.groupBy(lines, ({ authority, method }) => `${method === 'CONNECT' ? 'CONNECT ' : ''}${authority ?? 'no host'}`)
  return [...byHost].slice(0, MOST_HOSTS).map(([host, own]) => {
    const advice =
      own[0]?.method === 'CONNECT'
        ? 'it cannot see into a tunnel, so the app must ask for http:// and send whole URLs to its proxy, or be told the address of the cluster'
        : 'if a cluster stands for it, name the host in its upstreams.<name>.hosts'
    return `${host} is no cluster: ${plural(own.length, 'call')} of the app for it got ${own[0]?.status} from Envoy; ${advice}`
  })
}

/** The rest is more of the same. */
const MOST_HOSTS = 5

export const isAstray = ({ cluster, details }: EgressLine) => cluster === null && details === 'route_not_found'
