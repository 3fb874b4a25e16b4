import { expect } from 'vitest'
import type { FaultEvidence, Observations } from '../../src/observe/observations.ts'
import type { Attempt } from '../../src/observe/record.ts'
import { compatibleShare } from '../../src/statistics/compatible.ts'
import type { Ran, StraightRecord } from './scenario.ts'

/** What tests of faults ask of the evidence of a run. */

/** What two shared cores may add to a limit of time, or to any one delay. */
export const MACHINE_LAG_MS = 150

/** Envoy arms a timer from the time at which its event loop woke up, so a delay comes out short by what the loop was busy since. */
export const SHORT_MS = 5

/** The evidence of a fault by its id: the phase's name and its place there. */
export function evidence({ faults }: Observations, id: string): FaultEvidence {
  const found = faults.find((fault) => fault.id === id)
  if (!found) throw new Error(`no fault ${id}`)
  return found
}

/** Every source gives the same number, and that number is within the exact interval of 99.9 % about the share that was asked. */
export function expectShare({ observations }: Ran, id: string, percent: number) {
  const fault = evidence(observations, id)
  expect(fault.matched).toBeGreaterThan(0)
  expect(compatibleShare(fault.met, fault.matched, percent / 100), `${fault.met} of ${fault.matched}, asked ${percent} %`).toBe(true)
  expect(fault.doubt).toBeNull()
}

/** The same of a fault that is met by route: the hop's log, the route's counter and the stub's journal give one number. */
export function expectRoutedShare(ran: Ran, id: string, percent: number) {
  expectShare(ran, id, percent)
  const { met, counted, inferred } = evidence(ran.observations, id)
  expect(inferred).toBe(met)
  // Requests within the clock's slack of an edge are counted by Envoy but left out of the log's share.
  expect(Math.abs(counted - met)).toBeLessThanOrEqual(2)
}

export const attemptsOf = (records: readonly StraightRecord[]) => records.flatMap((record) => record.attempts)
export const met = (attempt: Attempt, id: string) => attempt.hop?.faults.includes(id) ?? false
export const quantile = (values: readonly number[], q: number) =>
  values.toSorted((a, b) => a - b)[Math.ceil(q * values.length) - 1] as number
