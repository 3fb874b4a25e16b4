import { chosenHeader, type Plan } from '../plan/plan.ts'

/** The headers by which Envoy knows the requests that were chosen for a fault, by their places in the load. */
export function marksOf({ faults }: Pick<Plan, 'faults'>): ReadonlyMap<number, Readonly<Record<string, string>>> {
  const marks = new Map<number, Record<string, string>>()
  for (const fault of faults)
    for (const index of fault.chosen?.requests ?? []) marks.set(index, { ...marks.get(index), [chosenHeader(fault)]: '1' })
  return marks
}
