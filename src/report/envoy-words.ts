import { describeAction } from '../fault/registry.ts'
import type { Plan } from '../plan/plan.ts'

/**
 * Response flags worth a word in a story; the others stand for themselves.
 * @see Envoy `configuration/observability/access_log/usage`, `%RESPONSE_FLAGS%`
 */
const FLAGS: Readonly<Record<string, string>> = {
  DC: 'the client hung up',
  LR: 'reset by Envoy',
  NR: 'no route',
  UC: 'the upstream closed the connection',
  UF: 'could not connect',
  UH: 'no healthy host',
  UPE: 'the answer of the upstream is not whole',
  UR: 'reset by the upstream',
}

/** `['(URX,UT)']`, or nothing when there is none. */
export function flagWords(flags: readonly string[]): string[] {
  if (flags.length === 0) return []
  const words = flags.flatMap((flag) => FLAGS[flag] ?? [])
  return [`(${[flags.join(','), ...words].join(': ')})`]
}

/** `delay 400ms (brownout-1) and abort 503 (brownout-2)` */
export function metFaults(ids: readonly string[], plan: Plan): string {
  return ids
    .map((id) => {
      const fault = plan.faults.find((planned) => planned.id === id)
      return fault === undefined ? id : `${describeAction(fault.action)} (${id})`
    })
    .join(' and ')
}
