import { chosenHeader, type Plan } from '../plan/plan.ts'

/** By what Envoy knows for which faults a request was chosen. */
export interface Mark {
  headers: Readonly<Record<string, string>>
  /** Those that its ids carry, where an app stands between. */
  bits: number
}

/** The marks of the requests that were chosen, by their places in the load. */
export function marksOf({ faults }: Pick<Plan, 'faults'>): ReadonlyMap<number, Mark> {
  const marks = new Map<number, Mark>()
  for (const fault of faults)
    for (const index of fault.chosen?.requests ?? []) {
      const { headers, bits } = marks.get(index) ?? { headers: {}, bits: 0 }
      const bit = fault.chosen?.bit
      marks.set(
        index,
        bit === undefined ? { headers: { ...headers, [chosenHeader(fault)]: '1' }, bits } : { headers, bits: bits + 2 ** bit },
      )
    }
  return marks
}
