import { isAtDoor, isRouted } from '../fault/registry.ts'
import { drawnBelow } from '../plan/drawn-below.ts'
import { type PlannedFault, percentKey } from '../plan/plan.ts'

/** Runtime values that put exactly these faults in force and all others to sleep. */
export function runtimeValues(all: readonly PlannedFault[], on: readonly PlannedFault[]): Record<string, string> {
  const ofEnvoy = all.filter(({ action }) => !isAtDoor(action))
  return Object.fromEntries(ofEnvoy.map((fault) => [percentKey(fault), on.includes(fault) ? runtimeValue(fault, all) : '0']))
}

/** What the runtime key of a fault says while the fault is in force. */
export function runtimeValue(fault: PlannedFault, all: readonly PlannedFault[]): string {
  const percent = fault.chosen === null ? fault.percent : 100
  // Of routes all in millionths: Envoy takes the remainder of one draw, so that other parts would be another draw.
  return isRouted(fault.action) ? inMillionths(fault.chosen === null ? drawnBelow(fault, all) : percent) : filterPercent(percent)
}

/** Envoy cuts the fraction off a plain number (0.5 would be 0, 99.9 be 99), and reads the other form only if no space is in it. */
const filterPercent = (percent: number) => (Number.isInteger(percent) ? String(percent) : inMillionths(percent))

const inMillionths = (percent: number) => JSON.stringify({ numerator: Math.round(percent * 10_000), denominator: 'MILLION' })
