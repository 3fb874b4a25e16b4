import type { Stall } from './observations.ts'
import { attemptsOf, type RequestRecord } from './record.ts'

/** A lag beyond this, in ms, is a stall: what happens meanwhile is the machine's doing as much as the policy's. */
const STALL_MS = 20

/** A step that should take no time, and how long it took: `from` to `to`, in ms after the start of the load. */
export type Step = Stall

/** From the due time to the socket: the generator's own lag. */
export const generatorSteps = (records: readonly RequestRecord[]): Step[] => records.map(({ due, sent }) => ({ from: due, to: sent }))

/**
 * From the socket to Envoy's log, and from the router to the hop; not what the policy itself makes an attempt wait.
 * @param isStraight - whether nothing stands between the load and Envoy: what an app takes is no lag of Envoy's
 */
export function envoySteps(records: readonly RequestRecord[], isStraight: boolean): Step[] {
  return records.flatMap(({ sent, calls }) =>
    calls.flatMap(({ egress, attempts }) => [
      ...(isStraight ? [{ from: sent, to: egress.start }] : []),
      ...attempts.flatMap(({ start, poolMs, hop }) => (hop ? [{ from: start + poolMs, to: hop.start }] : [])),
    ]),
  )
}

/** From the time an answer was due at the stub to the time it was written. */
export function stubSteps(records: readonly RequestRecord[]): Step[] {
  return records.flatMap((record) =>
    attemptsOf(record).flatMap(({ stub }) => (stub && stub.answered !== null ? [{ from: stub.due, to: stub.answered }] : [])),
  )
}

/** The 99th percentile and the maximum of how long steps took, in ms; zeros when there were none. */
export function lagOf(steps: readonly Step[]): { p99: number; max: number } {
  const lags = Float64Array.from(steps, ({ from, to }) => to - from).sort()
  return { p99: lags[Math.ceil(lags.length * 0.99) - 1] ?? 0, max: lags.at(-1) ?? 0 }
}

/** Steps that took too long, those that overlap made one. */
export function stallsIn(steps: readonly Step[]): Stall[] {
  const long = steps.filter(({ from, to }) => to - from > STALL_MS).sort((a, b) => a.from - b.from)
  const stalls: Stall[] = []
  for (const step of long) {
    const last = stalls.at(-1)
    if (last && step.from <= last.to) last.to = Math.max(last.to, step.to)
    else stalls.push({ ...step })
  }
  return stalls
}
