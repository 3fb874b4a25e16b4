import { percentAt } from '../fault/ramp.ts'
import type { Records } from '../observe/records.ts'
import type { Plan, PlannedFault } from '../plan/plan.ts'
import { trim } from '../units.ts'
import { showShare } from '../verdict/show.ts'

/** Parts of equal length: enough to see where it turns, few enough that each has requests. */
const PARTS = 4

/** What became of the requests that were due in one part of a ramp. */
export interface PartOfRamp {
  /** Percentages that the ramp is asked to have at its two ends, 0 to 100. */
  from: number
  to: number
  requests: number
  successes: number
}

/**
 * How requests went as a ramp rose, by their due time: it says where a claim on the whole phase begins to fail. Requests
 * that no claim counts, for they met the faults of another phase, are left out.
 * @returns null where the fault is none
 */
export function alongRamp({ phase, ramp }: PlannedFault, { phases }: Pick<Plan, 'phases'>, records: Records): readonly PartOfRamp[] | null {
  const span = phases[phase]
  if (ramp === undefined || span === undefined) return null
  const ends = Array.from({ length: PARTS + 1 }, (_, i) => percentAt(ramp, i / PARTS))
  const parts = Array.from({ length: PARTS }, (_, i) => ({ from: ends[i] as number, to: ends[i + 1] as number, requests: 0, successes: 0 }))
  for (const record of records) {
    if (record.phase !== phase || record.stray) continue
    const share = (record.due - span.from) / (span.to - span.from)
    const part = parts[Math.min(PARTS - 1, Math.max(0, Math.floor(share * PARTS)))] as PartOfRamp
    part.requests++
    if (record.success) part.successes++
  }
  return parts
}

/** `success along it: 100% at 0 .. 8.75%, 99.33% at 8.75 .. 17.5%, …` */
export function successAlong(parts: readonly PartOfRamp[]): string {
  const shown = parts.map(({ from, to, requests, successes }) => {
    const share = requests === 0 ? 'nothing was due' : showShare(successes / requests)
    return `${share} at ${trim(from, 2)} .. ${trim(to, 2)}%`
  })
  return `success along it: ${shown.join(', ')}`
}
