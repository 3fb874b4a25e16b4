import type { ClientLog } from '../load/client-log.ts'
import { requestId } from '../load/client-log.ts'
import { isStraight, type Plan } from '../plan/plan.ts'
import { isExpectedAnswer } from '../plan/success.ts'
import { grpcOfHttp } from '../value/grpc-status.ts'
import type { SeenCall } from './calls.ts'
import { type InFlight, isOurs, ownerById, ownUnnamed, type Unnamed } from './owners.ts'
import type { Call, RequestRecord } from './record.ts'
import { isStray } from './stray.ts'
import type { PhaseTimes } from './timeline.ts'

/**
 * Makes the records of a run, in the order of sending, each with everything that any log says of it.
 * @param lots - what Envoy saw, in lots that can be gone through more than once: what carries an id of the load comes in
 *   the order of those, so that no lot has anything of a request before those of the lot before
 * @returns calls to Envoy of which nobody can say for which request they were made
 */
export function joinRecords(
  plan: Plan,
  client: ClientLog,
  phases: readonly PhaseTimes[],
  lots: Iterable<readonly SeenCall[]>,
  keep: (record: RequestRecord) => void,
): readonly Call[] {
  const requests: InFlight = {
    count: client.count,
    sent: (index) => client.sentAt(index),
    end: (index) => client.endAt(index),
  }
  const straight = isStraight(plan)
  const unnamed = straight ? undefined : findUnnamed(lots, requests)
  const foreign: SeenCall[] = []
  // Before the first phase there may be a warm-up.
  let phase = -1
  let next = 0
  const join = (calls: readonly SeenCall[], index: number) => {
    const due = client.due[index] as number
    const at = plan.load.kind === 'runs' ? index : due
    while (phase < plan.phases.length - 1 && at >= (plan.phases[phase + 1]?.from ?? Number.POSITIVE_INFINITY)) phase++
    const joined = straight ? calls.length === 1 : unnamed?.isDoubtful(index) === false
    keep(joinOne(plan, client, phases[phase], index, phase, calls, joined))
  }
  // The first lot may have something of any request: an app may tell by another header whose call it is.
  const carried = new Map(unnamed?.owned)
  let isFirst = true
  for (const lot of lots) {
    const owned = isFirst ? carried : new Map<number, readonly SeenCall[]>()
    let last = next - 1
    for (const call of lot) {
      const owner = ownerById(call, requests)
      if (owner !== undefined) {
        owned.set(owner, [...(owned.get(owner) ?? []), call])
        last = Math.max(last, owner)
      } else if (straight) foreign.push(call)
    }
    if (!isFirst) for (; next <= last; next++) join([...(owned.get(next) ?? []), ...(carried.get(next) ?? [])], next)
    isFirst = false
  }
  for (; next < client.count; next++) join(carried.get(next) ?? [], next)
  return unnamed?.foreign ?? foreign
}

/** With an app in between: whose the calls are that do not say it themselves. */
function findUnnamed(lots: Iterable<readonly SeenCall[]>, requests: InFlight): Unnamed {
  const others: SeenCall[] = []
  const late: SeenCall[] = []
  let forwards = false
  for (const lot of lots)
    for (const call of lot) {
      if (!isOurs(call, requests)) others.push(call)
      else {
        forwards = true
        if (ownerById(call, requests) === undefined) late.push(call)
      }
    }
  return ownUnnamed(others, late, forwards, requests)
}

function joinOne(
  plan: Plan,
  client: ClientLog,
  times: PhaseTimes | undefined,
  index: number,
  phase: number,
  seen: readonly SeenCall[],
  joined: boolean,
): RequestRecord {
  const { answers } = client
  const kind = plan.requests[client.request[index] as number]
  const due = client.due[index] as number
  const sent = client.sentAt(index)
  const over = client.endAt(index)
  const error = client.errors.get(index) ?? null
  const end = error === null ? over : null
  const begun = client.status[index] as number
  // A response that broke off has no status to judge by: its 200 was a promise.
  const status = error !== null || begun === 0 ? null : begun
  const grpcStatus = client.grpcStatusOf(index)
  const calls = seen.map(({ id: _, ...call }): Call => call)
  return {
    id: requestId(index),
    request: client.request[index] as number,
    phase,
    due,
    sent,
    end,
    status,
    ...(kind?.grpc && status !== null ? { grpcStatus: grpcStatus ?? grpcOfHttp(status) } : {}),
    headers: answers.headers[answers.headersOf[index] ?? 0] ?? null,
    body: answers.bodies[answers.bodyOf[index] ?? 0] ?? null,
    error: error !== null && begun > 0 ? `the response, ${begun}, broke off: ${error}` : error,
    success: end !== null && status !== null && isExpectedAnswer(kind, status, grpcStatus) && end - due <= plan.load.deadline,
    edge: times === undefined || over > times.to,
    stray: times !== undefined && isStray(plan, phase, times, { sent, calls }),
    joined,
    calls,
  }
}
