import { isStraight, type Plan } from '../plan/plan.ts'
import { isRefused } from './join.ts'
import type { RawEvidence } from './observe.ts'
import { flagsOf, type Logs } from './parse-logs.ts'
import type { RequestRecord } from './record.ts'

/** A clock that is being slewed gains or loses less than 1 ms per second. */
const MOST_CLOCK_SHIFT_MS = 20

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
  if (Math.abs(raw.client.clockShift) > MOST_CLOCK_SHIFT_MS) {
    found.push(
      `the clock of the machine was set during the run, by ${Math.round(raw.client.clockShift)} ms: the logs cannot be put side by side`,
    )
  }
  const unwritten = raw.last['filesystem.write_failed'] ?? 0
  if (unwritten > 0) found.push(`Envoy could not write its logs ${unwritten} times: is the disk full?`)
  // Load that was pointed elsewhere need not come through Envoy at all.
  if (isStraight(plan)) {
    const missing = records.filter((record) => record.status !== null && record.egress === null)
    if (missing.length > 0)
      found.push(
        `${missing.length} requests were answered, but the access log of Envoy does not know them (${missing[0]?.id} is the first)`,
      )
  }
  found.push(...linesTwice(plan, logs), ...linesMissing(logs), ...attemptsContradict(logs), ...countersContradict(plan, logs, raw))
  return found
}

const keyOf = (id: string | null, n: string | number | null) => `${id} attempt ${n ?? 1}`

/** A request that was sent once, or an attempt, has one line in each log. Only an app may call Envoy twice for one request. */
function linesTwice(plan: Plan, logs: Logs): string[] {
  const start = (line: { start: string }) => (isStraight(plan) ? '' : line.start)
  // What had no id was not ours, or was refused before its headers were read.
  const named = <T extends { id: string | null }>(lines: readonly T[]) => lines.filter((line) => line.id !== null)
  const keys = {
    egress: named(logs.egress).map((line) => `${line.id} ${start(line)}`),
    attempts: named(logs.attempts).map((line) => `${keyOf(line.id, line.n)} ${start(line)}`),
    hop: named(logs.hop).map((line) => `${keyOf(line.id, line.n)} ${start(line)}`),
    journal: named(logs.journal).map((line) => `${keyOf(line.id, line.attempt)} ${start({ start: String(line.arrived) })}`),
  }
  return Object.entries(keys).flatMap(([log, list]) => {
    const twice = list.length - new Set(list).size
    return twice === 0 ? [] : [`the ${log} log has ${twice} lines twice`]
  })
}

/** Each station of an attempt leaves a line, so what one of them knows its neighbours must know. */
function linesMissing(logs: Logs): string[] {
  const known = {
    egress: new Set(logs.egress.map((line) => line.id)),
    attempts: new Set(logs.attempts.map((line) => keyOf(line.id, line.n))),
    hop: new Set(logs.hop.map((line) => keyOf(line.id, line.n))),
    journal: new Set(logs.journal.map((line) => keyOf(line.id, line.attempt))),
  }
  // Without a flag, or with that of a delay only, an answer of the hop's is the stub's.
  const fromStub = logs.hop.filter((line) => line.status !== 0 && flagsOf(line.flags).every((flag) => flag === 'DI'))
  const missing: [where: string, of: string, which: string | null | undefined][] = [
    ['egress', 'attempts', logs.attempts.find((line) => !known.egress.has(line.id))?.id],
    ['attempts', 'hop', logs.hop.find((line) => !known.attempts.has(keyOf(line.id, line.n)))?.id],
    ['hop', 'attempts', logs.attempts.find((line) => line.status !== 0 && !known.hop.has(keyOf(line.id, line.n)))?.id],
    ['hop', 'journal', logs.journal.find((line) => !known.hop.has(keyOf(line.id, line.attempt)))?.id],
    ['journal', 'hop', fromStub.find((line) => !known.journal.has(keyOf(line.id, line.n)))?.id],
  ]
  return missing.flatMap(([where, of, which]) => (which === undefined ? [] : [`${which} is in the ${of} log, but not in the ${where} log`]))
}

/** The egress log counts the attempts of each request; the attempt log has a line for each. */
function attemptsContradict(logs: Logs): string[] {
  const lines = new Map<string, number>()
  for (const { id } of logs.attempts) if (id !== null) lines.set(id, (lines.get(id) ?? 0) + 1)
  const counted = new Map<string, number>()
  for (const { id, attempts, details } of logs.egress) {
    // A try for which no host was left is counted, too, but never made.
    const made = details === 'no_healthy_upstream' ? attempts - 1 : attempts
    if (id !== null) counted.set(id, (counted.get(id) ?? 0) + made)
  }
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
