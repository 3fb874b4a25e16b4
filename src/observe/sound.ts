import { replicaKey } from '../envoy/addresses.ts'
import { clustersIn, isStraight, type Plan } from '../plan/plan.ts'
import { plural } from '../value/show.ts'
import { isRefused } from './calls.ts'
import type { RawEvidence } from './observe.ts'
import { flagsOf, type Logs } from './parse-logs.ts'
import type { Records } from './records.ts'

/** A clock that is being slewed gains or loses less than 1 ms per second. */
const MOST_CLOCK_SHIFT_MS = 20

/**
 * Looks for contradictions between what the client, Envoy's logs, Envoy's counters and the stubs say. Any of them means
 * that evidence was lost, so that no verdict may rest on it. Logs come in lots; all lines of a call are in one of them.
 */
export class Soundness {
  readonly #straight: boolean
  readonly #clusters: readonly string[]
  /** By replica key: what their hops sent on, and what they wanted to. */
  readonly #containers: ReadonlyMap<string, { sent: number; wanted: number }>
  #broken = 0
  #journalLines = 0
  readonly #twice = new Map<string, number>()
  /** The first of its kind is told. */
  readonly #missing = new Map<string, string>()
  readonly #contradicting = { count: 0, first: '' }
  /** By cluster. */
  readonly #attempts = new Map<string, { logged: number; atHops: number }>()

  constructor(plan: Plan) {
    this.#straight = isStraight(plan)
    this.#clusters = clustersIn(plan)
    this.#containers = new Map(plan.containers.map(({ cluster, replica }) => [replicaKey(cluster, replica), { sent: 0, wanted: 0 }]))
  }

  add(logs: Logs): void {
    this.#broken += logs.broken
    this.#journalLines += logs.journal.length
    for (const [log, twice] of linesTwice(logs, this.#straight)) this.#twice.set(log, (this.#twice.get(log) ?? 0) + twice)
    for (const [between, told] of linesMissing(logs, (hop) => !this.#containers.has(hop)))
      if (!this.#missing.has(between)) this.#missing.set(between, told)
    const differing = attemptsContradict(logs)
    if (this.#contradicting.count === 0) this.#contradicting.first = differing[0] ?? ''
    this.#contradicting.count += differing.length
    for (const { hop, sent, host } of logs.hop) {
      const container = this.#containers.get(hop)
      if (container === undefined) continue
      if (typeof sent === 'number') container.sent++
      if (host) container.wanted++
    }
    for (const cluster of this.#clusters) {
      const before = this.#attempts.get(cluster) ?? { logged: 0, atHops: 0 }
      this.#attempts.set(cluster, {
        logged: before.logged + logs.attempts.filter((attempt) => attempt.cluster === cluster && !isRefused(attempt)).length,
        atHops: before.atHops + logs.hop.filter((line) => line.hop.startsWith(`${cluster}/`)).length,
      })
    }
  }

  /** All that was found, in sentences. */
  told(records: Records, raw: Pick<RawEvidence, 'client' | 'last' | 'logs'>): string[] {
    const found: string[] = []
    if (this.#broken > 0) found.push(`${plural(this.#broken, 'log line')} ${this.#broken === 1 ? 'is' : 'are'} cut off in the middle`)
    if (this.#journalLines < raw.logs.journalLines)
      found.push(`the stubs wrote ${plural(raw.logs.journalLines, 'journal line')}, but only ${this.#journalLines} arrived`)
    if (Math.abs(raw.client.clockShift) > MOST_CLOCK_SHIFT_MS)
      found.push(
        `the clock of the machine was set during the run, by ${Math.round(raw.client.clockShift)} ms: the logs cannot be put side by side`,
      )
    const unwritten = raw.last['filesystem.write_failed'] ?? 0
    if (unwritten > 0) found.push(`Envoy could not write its logs ${plural(unwritten, 'time')}: is the disk full?`)
    // Load that was pointed elsewhere need not come through Envoy at all.
    if (this.#straight) found.push(...unknownToEnvoy(records))
    for (const [log, twice] of this.#twice) if (twice > 0) found.push(`the ${log} log has ${plural(twice, 'line')} twice`)
    found.push(...this.#missing.values())
    const { count, first } = this.#contradicting
    if (count > 0) found.push(`the logs of Envoy disagree on the attempts of ${plural(count, 'request')} (${first})`)
    return [...found, ...this.#countersContradict(raw), ...this.#sentContradicts(raw)]
  }

  /** `upstream_rq_total` counts what was sent to a host: no fewer than the hops saw, no more than the attempts logged. */
  #countersContradict({ last }: Pick<RawEvidence, 'last'>): string[] {
    if (Object.keys(last).length === 0) return []
    return this.#clusters.flatMap((cluster) => {
      const total = last[`cluster.${cluster}.upstream_rq_total`] ?? 0
      const { logged, atHops } = this.#attempts.get(cluster) ?? { logged: 0, atHops: 0 }
      if (total >= atHops && total <= logged) return []
      return [
        `Envoy's counter cluster.${cluster}.upstream_rq_total says ${total}, but its logs show ${plural(logged, 'attempt')}, ${atHops} of them at the hops`,
      ]
    })
  }

  /** What a hop sent on to a container has a line and counts; the journal of a stub says more. */
  #sentContradicts({ last }: Pick<RawEvidence, 'last'>): string[] {
    if (Object.keys(last).length === 0) return []
    return [...this.#containers].flatMap(([key, { sent, wanted }]) => {
      const total = last[`cluster.stub/${key}.upstream_rq_total`] ?? 0
      if (total >= sent && total <= wanted) return []
      return [`Envoy counted ${plural(total, 'request')} that it sent on to ${key}, but the log of its hop has ${sent}`]
    })
  }
}

function unknownToEnvoy(records: Records): string[] {
  const missing = records.filter((record) => record.status !== null && record.calls.length === 0)
  const first = missing.find(() => true)
  if (first === undefined) return []
  if (missing.length === 1) return [`1 request was answered, but the access log of Envoy does not know it (${first.id})`]
  return [`${plural(missing.length, 'request')} were answered, but the access log of Envoy does not know them (${first.id} is the first)`]
}

const keyOf = (call: string | null, n: string | number | null) => `${call} ${n ?? 1}`

/** Each call, and each attempt of it, has one line in each log; and load that goes straight to Envoy makes one call a request. */
function linesTwice(logs: Logs, straight: boolean): [log: string, twice: number][] {
  // What had no id was not ours, or was refused before its headers were read.
  const ids = straight ? logs.egress.flatMap(({ id }) => id ?? []) : []
  // What came past the egress side is missed by linesMissing.
  const called = <T extends { call: string | null }>(lines: readonly T[]) => lines.filter(({ call }) => call !== null)
  const keys = {
    egress: [...called(logs.egress).map(({ call }) => call), ...ids],
    attempts: called(logs.attempts).map(({ call, n }) => keyOf(call, n)),
    hop: called(logs.hop).map(({ call, n }) => keyOf(call, n)),
    journal: called(logs.journal).map(({ call, attempt }) => keyOf(call, attempt)),
  }
  return Object.entries(keys).map(([log, list]) => [log, list.length - new Set(list).size])
}

/** Each station of an attempt leaves a line, so what one of them knows its neighbours must know. */
/** @param isStub - whether the replica behind a hop keeps a journal */
function linesMissing(logs: Logs, isStub: (hop: string) => boolean): [between: string, told: string][] {
  const known = {
    egress: new Set(logs.egress.map(({ call }) => call)),
    attempts: new Set(logs.attempts.map(({ call, n }) => keyOf(call, n))),
    hop: new Set(logs.hop.map(({ call, n }) => keyOf(call, n))),
    journal: new Set(logs.journal.map(({ call, attempt }) => keyOf(call, attempt))),
  }
  // Without a flag, or with that of a delay only, an answer of the hop's is the stub's.
  const fromStub = logs.hop.filter((line) => isStub(line.hop) && line.status !== 0 && flagsOf(line.flags).every((flag) => flag === 'DI'))
  const missing: [where: string, of: string, line: { id: string | null } | undefined][] = [
    ['egress', 'attempts', logs.attempts.find(({ call }) => !known.egress.has(call))],
    ['attempts', 'hop', logs.hop.find(({ call, n }) => !known.attempts.has(keyOf(call, n)))],
    ['hop', 'attempts', logs.attempts.find(({ call, n, status }) => status !== 0 && !known.hop.has(keyOf(call, n)))],
    ['hop', 'journal', logs.journal.find(({ call, attempt }) => !known.hop.has(keyOf(call, attempt)))],
    ['journal', 'hop', fromStub.find(({ call, n }) => !known.journal.has(keyOf(call, n)))],
  ]
  return missing.flatMap(([where, of, line]) =>
    line === undefined
      ? []
      : [[`${of} ${where}`, `${line.id ?? 'a request without an id'} is in the ${of} log, but not in the ${where} log`]],
  )
}

/** The egress log counts the attempts of each call; the attempt log has a line for each. */
function attemptsContradict(logs: Logs): string[] {
  const lines = new Map<string | null, number>()
  for (const { call } of logs.attempts) lines.set(call, (lines.get(call) ?? 0) + 1)
  return logs.egress.flatMap(({ call, id, attempts, details }) => {
    // A try for which no host was left is counted, too, but never made.
    const counted = details === 'no_healthy_upstream' ? attempts - 1 : attempts
    const logged = call === null ? 0 : (lines.get(call) ?? 0)
    return counted === logged ? [] : [`${id}: ${counted} counted, ${logged} logged`]
  })
}
