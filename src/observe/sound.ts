import type { Plan } from '../plan/plan.ts'
import { isRefused } from './join.ts'
import type { RawEvidence } from './observe.ts'
import type { Logs } from './parse-logs.ts'
import type { RequestRecord } from './record.ts'

/**
 * Looks for contradictions between what the client, Envoy's logs, Envoy's counters and the stubs say. Any of them means
 * that evidence was lost, so that no verdict may rest on it.
 */
export function findUnsound(plan: Plan, records: readonly RequestRecord[], logs: Logs, raw: RawEvidence): string[] {
  const found: string[] = []
  if (logs.broken > 0) found.push(`${logs.broken} log lines are cut off in the middle`)
  if (logs.journal.length < raw.logs.journalLines) {
    found.push(`the stubs wrote ${raw.logs.journalLines} journal lines, but only ${logs.journal.length} arrived`)
  }
  const unwritten = raw.last['filesystem.write_failed'] ?? 0
  if (unwritten > 0) found.push(`Envoy could not write its logs ${unwritten} times: is the disk full?`)
  // Load that was pointed elsewhere need not come through Envoy at all.
  if (plan.load.target === undefined) {
    const missing = records.filter((record) => record.status !== null && record.egress === null)
    if (missing.length > 0)
      found.push(
        `${missing.length} requests were answered, but the access log of Envoy does not know them (${missing[0]?.id} is the first)`,
      )
  }
  found.push(...attemptsContradict(logs), ...countersContradict(plan, logs, raw))
  return found
}

/** The egress log counts the attempts of each request; the attempt log has a line for each. */
function attemptsContradict(logs: Logs): string[] {
  const lines = new Map<string, number>()
  for (const { id } of logs.attempts) if (id !== null) lines.set(id, (lines.get(id) ?? 0) + 1)
  const counted = new Map<string, number>()
  for (const { id, attempts } of logs.egress) if (id !== null) counted.set(id, (counted.get(id) ?? 0) + attempts)
  const differing = [...counted].filter(([id, attempts]) => (lines.get(id) ?? 0) !== attempts)
  if (differing.length === 0) return []
  const [id, attempts] = differing[0] as [string, number]
  return [
    `the logs of Envoy disagree on the attempts of ${differing.length} requests (${id}: ${attempts} counted, ${lines.get(id) ?? 0} logged)`,
  ]
}

/** `upstream_rq_total` counts what was sent to a host: no fewer than the hops saw, no more than the attempts logged. */
function countersContradict(plan: Plan, logs: Logs, raw: RawEvidence): string[] {
  const clusters = [...new Set(plan.stubs.servers.map((server) => server.cluster))]
  return clusters.flatMap((cluster) => {
    if (Object.keys(raw.last).length === 0) return []
    const total = raw.last[`cluster.${cluster}.upstream_rq_total`] ?? 0
    const logged = logs.attempts.filter((attempt) => attempt.cluster === cluster && !isRefused(attempt)).length
    const atHops = logs.hop.filter((line) => line.hop.startsWith(`${cluster}/`)).length
    if (total >= atHops && total <= logged) return []
    return [
      `Envoy's counter cluster.${cluster}.upstream_rq_total says ${total}, but its logs show ${logged} attempts, ${atHops} of them at the hops`,
    ]
  })
}
