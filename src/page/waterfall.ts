import { type Attempt, type Call, faultsAt, type RequestRecord } from '../observe/record.ts'
import { nounOf } from '../plan/noun.ts'
import type { Plan } from '../plan/plan.ts'
import { metFaults } from '../report/envoy-words.ts'
import { millis } from '../report/figures.ts'
import { storyOf } from '../report/story.ts'
import { nameOfTimeout } from '../scenario/timeouts.ts'
import { answerName, asHttp } from '../value/grpc-status.ts'
import type { Bar, BarPart, Sample } from './page-data.ts'

/** Below this a part is not seen beside the others. */
const NOTABLE_MS = 1

/** One request with everybody who was busy with it. */
export function sampleOf(record: RequestRecord, cause: string, plan: Plan): Sample {
  const { head, events } = storyOf(record, plan)
  return {
    id: record.id,
    head,
    cause,
    due: tidy(record.due),
    success: record.success,
    bars: [clientBar(record, plan), ...record.calls.flatMap((call) => callBars(call, record, plan))],
    events: [...events],
  }
}

function clientBar(record: RequestRecord, plan: Plan): Bar {
  const ends = record.calls.map(({ egress }) => egress.start + egress.durationMs)
  const to = record.end ?? Math.max(record.sent, record.due + plan.load.deadline, ...ends)
  const who = nounOf(plan) === 'run' ? 'run of the app' : plan.app === undefined ? 'client' : 'client of the app'
  const note = record.end === null ? 'no answer' : record.status === null ? (record.error ?? 'no answer') : `${record.status}`
  return { who, depth: 0, parts: [part('whole', record.due, to, record.due, !record.success)], note: `${note}, ${millis(to - record.due)}` }
}

function callBars(call: Call, { due }: RequestRecord, plan: Plan): Bar[] {
  const { egress, attempts, ingressFaults } = call
  const end = egress.start + egress.durationMs
  const isBad = egress.status === 0 || asHttp(egress) >= 400
  const refusal = egress.rejectedBy ?? egress.retrySuppressedBy
  const parts = [part('whole', egress.start, end, due, isBad), ...waits(attempts, end, egress.rejectedBy !== null, due)]
  if (refusal !== null) parts.push(part('refused', end, end, due, true))
  const did = egress.rejectedBy === null ? `a retry suppressed by ${refusal}` : `refused by ${refusal}`
  const cut = egress.cutBy === null ? [] : [`cut by ${nameOfTimeout(egress.cutBy)}`]
  const met = ingressFaults.length === 0 ? [] : [`met ${metFaults(ingressFaults, plan)}`]
  const answer = egress.status === 0 ? 'no answer' : answerName(egress)
  const note = [answer, ...met, ...cut, ...(refusal === null ? [] : [did])].join(', ')
  const who = `Envoy${egress.cluster === null ? '' : ` → ${egress.cluster}`}`
  return [{ who, depth: 1, parts, note }, ...attempts.map((attempt) => tryBar(attempt, due, plan))]
}

/** The back-offs between tries, and the one after the last where the next try was refused. */
function waits(attempts: readonly Attempt[], end: number, isRefused: boolean, due: number): BarPart[] {
  const starts = [...attempts.slice(1).map(({ start }) => start), ...(isRefused && attempts.length > 0 ? [end] : [])]
  return starts.flatMap((to, i) => {
    const before = attempts[i] as Attempt
    const from = before.start + before.durationMs
    return to - from >= NOTABLE_MS ? [part('backoff', from, to, due, false)] : []
  })
}

function tryBar(attempt: Attempt, due: number, plan: Plan): Bar {
  const { start, durationMs, poolMs, stub, hop, replica, n, cutBy, status } = attempt
  const end = start + durationMs
  const isBad = cutBy !== null || status === 0 || asHttp(attempt) >= 400
  const parts = [part('try', start, end, due, isBad)]
  const add = (kind: BarPart['kind'], from: number, to: number) => {
    const within = Math.min(to, end)
    if (within - from >= NOTABLE_MS) parts.push(part(kind, from, within, due, false))
  }
  add('pool', start, start + poolMs)
  const faults = faultsAt(attempt)
  if (hop !== null && faults.length > 0) add('fault', Math.max(start, hop.start), stub?.arrived ?? end)
  if (stub !== null) {
    if ((stub.held ?? 0) > 0) add('fault', stub.arrived, stub.arrived + (stub.held ?? 0))
    add('queue', stub.arrived + (stub.held ?? 0), stub.started)
    add('work', stub.started, stub.answered ?? stub.due)
  }
  const met = faults.length === 0 ? [] : [`met ${metFaults(faults, plan)}`]
  const how =
    cutBy !== null ? `cut by ${nameOfTimeout(cutBy)}` : status === 0 ? (attempt.outrun ? 'given up' : 'no answer') : answerName(attempt)
  const where = replica === null ? 'no host' : `replica ${replica}`
  return { who: `try ${n} → ${where}`, depth: 2, parts, note: [how, ...met].join(', ') }
}

/** Within a request, times are counted from when it was due. */
const part = (kind: BarPart['kind'], from: number, to: number, due: number, bad: boolean): BarPart => ({
  kind,
  from: tidy(from - due),
  to: tidy(Math.max(from, to) - due),
  bad,
})

const tidy = (ms: number) => Number(ms.toFixed(1))
