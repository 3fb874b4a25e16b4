import { actionOf } from '../fault/registry.ts'
import { testsOfFault } from '../scenario/fault-tests.ts'
import type { Scenario } from '../scenario/scenario.ts'
import type { PlannedFault } from './plan.ts'

/** Numbers the faults of each phase and spells out which replicas they are made at. */
export function planFaults(scenario: Scenario): PlannedFault[] {
  const planned: PlannedFault[] = []
  const taken = new Set<string>()
  for (const [phase, { name, faults }] of scenario.phases.entries()) {
    for (const [index, fault] of faults.entries()) {
      const replicas = scenario.upstreams[fault.cluster]?.replicas ?? 0
      const action = actionOf(fault)
      if (!action) throw new Error(`fault ${index} of phase ${name} has no kind: the schema let it through`)
      const common = {
        phase,
        place: index,
        cluster: fault.cluster,
        replicas: fault.at === 'ingress' ? [] : fault.replica ? [fault.replica] : Array.from({ length: replicas }, (_, i) => i + 1),
        at: fault.at,
        when: testsOfFault(fault),
        ...(fault.by === undefined ? {} : { byHeader: true as const }),
        ...(fault.ramp === undefined ? {} : { ramp: fault.ramp }),
        attempts: fault.when?.attempt ?? null,
        chosen: null,
      }
      const number = `${slug(name)}-${index + 1}`
      if (fault.shares.length === 0) planned.push({ ...common, id: unique(number, taken), action, percent: fault.percent, ofAll: null })
      let before = 0
      for (const { status, percent } of fault.shares) {
        // Filters act one after the other, each on what those before it let through. Envoy counts in millionths.
        const ofLeft = Math.round((1e6 * percent) / (100 - before)) / 1e4
        const id = unique(`${number}-${status}`, taken)
        planned.push({ ...common, id, action: { kind: 'abort', value: status }, percent: ofLeft, ofAll: before === 0 ? null : percent })
        before += percent
      }
    }
  }
  return planned
}

/** Envoy's stat, filter and runtime names stay readable with letters, digits and dashes only. */
function slug(name: string): string {
  return (
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 40) || 'phase'
  )
}

/** Two phases may shrink to the same slug. */
function unique(id: string, taken: Set<string>): string {
  let candidate = id
  for (let n = 2; taken.has(candidate); n++) candidate = `${id}-${n}`
  taken.add(candidate)
  return candidate
}
