import type { ClientLog } from '../load/client-log.ts'
import { requestId } from '../load/client-log.ts'
import { isStraight, type Plan } from '../plan/plan.ts'
import { isExpectedStatus } from '../plan/success.ts'
import type { SeenCall } from './calls.ts'
import { findOwners, type Owners } from './owners.ts'
import type { Call, RequestRecord } from './record.ts'
import { isStray } from './stray.ts'
import type { PhaseTimes } from './timeline.ts'

export interface Joined {
  /** One per request that was sent, with everything that any log says of it. */
  records: RequestRecord[]
  /** Calls to Envoy of which nobody can say for which request they were made; none where the load goes straight there. */
  foreign: readonly Call[]
}

/** @param calls - what Envoy saw, in order of time */
export function joinRecords(plan: Plan, client: ClientLog, phases: readonly PhaseTimes[], calls: readonly SeenCall[]): Joined {
  const owners = findOwners(calls, {
    count: client.count,
    sent: (index) => client.sent[index] as number,
    end: (index) => client.end[index] as number,
  })
  const records: RequestRecord[] = []
  // Before the first phase there may be a warm-up.
  let phase = -1
  for (let index = 0; index < client.count; index++) {
    const due = client.due[index] as number
    while (phase < plan.phases.length - 1 && due >= (plan.phases[phase + 1]?.from ?? Number.POSITIVE_INFINITY)) phase++
    records.push(joinOne(plan, client, phases[phase], index, phase, owners))
  }
  return { records, foreign: owners.foreign }
}

function joinOne(
  plan: Plan,
  client: ClientLog,
  times: PhaseTimes | undefined,
  index: number,
  phase: number,
  owners: Owners,
): RequestRecord {
  const { answers } = client
  const kind = plan.requests[client.request[index] as number]
  const due = client.due[index] as number
  const sent = client.sent[index] as number
  const over = client.end[index] as number
  const error = client.errors.get(index) ?? null
  const end = error === null ? over : null
  const begun = client.status[index] as number
  // A response that broke off has no status to judge by: its 200 was a promise.
  const status = error !== null || begun === 0 ? null : begun
  const calls = (owners.calls.get(index) ?? []).map(({ id: _, ...call }): Call => call)
  return {
    id: requestId(index),
    request: client.request[index] as number,
    phase,
    due,
    sent,
    end,
    status,
    headers: answers.headers[answers.headersOf[index] ?? 0] ?? null,
    body: answers.bodies[answers.bodyOf[index] ?? 0] ?? null,
    error: error !== null && begun > 0 ? `the response, ${begun}, broke off: ${error}` : error,
    success: end !== null && status !== null && isExpectedStatus(kind?.successStatus, status) && end - due <= plan.load.deadline,
    edge: times === undefined || over > times.to,
    stray: times !== undefined && isStray(plan, phase, times, { sent, calls }),
    joined: isStraight(plan) ? calls.length === 1 : !owners.isDoubtful(index),
    calls,
  }
}
