import type { DoorReport } from '../fault/door-fault.ts'

/** The doors before the hops of a stub's replicas, by its control server. */
export interface Doors {
  /** Resolves when those faults among these are in force that are theirs, and all their others are over. */
  meet(ids: readonly string[]): Promise<void>
  /** What they did since they were last told what to meet. */
  did(): Promise<readonly DoorReport[]>
}

/** @param ask - asks the control server, and has what it answers with 200 */
export const doorsAt = (ask: (method: 'GET' | 'POST', path: string) => Promise<string>): Doors => ({
  meet: async (ids) => void (await ask('POST', `/doors?${ids.join()}`)),
  did: async () => (JSON.parse(await ask('GET', '/doors')) as { doors: DoorReport[] }).doors,
})
