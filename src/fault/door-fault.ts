/** What the door before a replica's hop does to all who want to connect, in place of letting them through; times in ms. */
export type DoorFault =
  /** No socket listens: the kernel refuses. */
  | { kind: 'refuse' }
  /** A socket listens whose queue is full: nobody gets an answer. */
  | { kind: 'unreachable' }
  /** Open connections are reset, and new ones refused, so long after its beginning, and for so long; null: to its end. */
  | { kind: 'down'; afterMs: number; forMs: number | null }

/** What a door did because of a fault, on one occasion; times in epoch ms. */
export interface DoorReport {
  /** The id of the fault. */
  fault: string
  replica: number
  /** When nobody came through any more. */
  from: number
  /** When it was open again; null where it is not. */
  to: number | null
  /** How many connections were reset with a request in flight. */
  cut: number
}
