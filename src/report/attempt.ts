import { effectOf } from '../fault/registry.ts'
import { type Attempt, faultsAt } from '../observe/record.ts'
import type { Plan, PlannedFault } from '../plan/plan.ts'
import { nameOfTimeout } from '../scenario/timeouts.ts'
import { answerName } from '../value/grpc-status.ts'
import { flagWords, metFaults } from './envoy-words.ts'
import { millis } from './figures.ts'

/** Below this a wait in the queue is the noise of scheduling. */
const NOTABLE_MS = 1

/**
 * `try 1 → inventory/2  cut by per_try_timeout after 300 ms; met delay 400ms (brownout-1); the stub never saw it`
 * @param due - of the request, in ms after the start of the load
 */
export function tellAttempt(attempt: Attempt, cluster: string | null, due: number, plan: Plan): string {
  const faults = faultsAt(attempt)
  const parts = [
    resultOf(attempt),
    ...(faults.length > 0 ? [`met ${metFaults(faults, plan)}`] : []),
    ...(attempt.hop === null && attempt.stub === null && attempt.replica !== null
      ? [attempt.door === undefined ? 'never reached its hop' : 'nobody behind the door heard of it']
      : serverParts(attempt, due, plan)),
  ]
  return `try ${attempt.n} → ${hostOf(attempt, cluster ?? clusterOf(attempt, plan))}  ${parts.join('; ')}`
}

/** Where the egress log does not name the cluster, a fault that was met there does. */
const clusterOf = (attempt: Attempt, plan: Plan) => plan.faults.find((fault) => fault.id === faultsAt(attempt)[0])?.cluster ?? null

function hostOf(attempt: Attempt, cluster: string | null): string {
  if (attempt.replica === null) return cluster === null ? 'no host' : `${cluster}, no host`
  return cluster === null ? `replica ${attempt.replica}` : `${cluster}/${attempt.replica}`
}

function resultOf(attempt: Attempt): string {
  const after = `after ${millis(attempt.durationMs)}`
  if (attempt.cutBy !== null) return `cut by ${nameOfTimeout(attempt.cutBy)} ${after}`
  if (attempt.outrun) return `given up ${after}, when another try was answered`
  if (attempt.status !== 0 && attempt.flags.includes('UPE'))
    return [`${answerName(attempt)}, which broke off`, after, ...flagWords(attempt.flags)].join(' ')
  if (attempt.status !== 0) return `${answerName(attempt)} ${after}`
  return ['no answer', after, ...flagWords(attempt.flags)].join(' ')
}

/** What is to be added of the stub or container: nothing, when it simply served the request. */
function serverParts(attempt: Attempt, due: number, plan: Plan): string[] {
  const { hop, sentOn } = attempt
  if (sentOn === undefined || hop === null) return stubParts(attempt, due, plan)
  if (sentOn === null) return ['the hop never sent it on']
  if (hop.flags.includes('UF')) return ['the hop could not connect to the container']
  if (hop.flags.includes('UC')) return ['the container closed the connection']
  return attempt.cutBy === null ? [] : [`the hop sent it on at +${millis(sentOn - due)}, and the container had not answered`]
}

function stubParts({ stub, status, cutBy, replica }: Attempt, due: number, plan: Plan): string[] {
  if (stub === null) return replica === null ? [] : ['the stub never saw it']
  const parts: string[] = []
  const waited = stub.started - stub.arrived - (stub.held ?? 0)
  if (waited >= NOTABLE_MS) parts.push(`waited ${millis(waited)} in the stub's queue (${stub.busy} busy, ${stub.queued} waiting)`)
  const fault = plan.faults.find(({ id }) => id === stub.fault)
  if (stub.answered === null) parts.push(withoutAnswer(fault))
  else if (cutBy !== null) parts.push(`the stub answered ${stub.status} too late, at +${millis(stub.answered - due)}`)
  else if (status !== stub.status) parts.push(`the stub answered ${stub.status}`)
  return parts
}

function withoutAnswer(fault: PlannedFault | undefined): string {
  const does = fault && effectOf(fault.action).does
  if (does === 'hang') return 'the stub never answered'
  return does === 'reset' ? 'its connection was reset in place of an answer' : 'its caller was gone before the stub answered'
}
