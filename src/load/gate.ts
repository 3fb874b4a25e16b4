/**
 * Holds requests back at the edge of a phase until its faults are in force, so that every request meets the faults of the
 * phase it is due in. That takes about a millisecond or two, which counts as the generator's own lateness.
 */
export class Gate {
  #until = 0
  /** The due time of the next request to be sent, in ms; infinity when all are out. Kept by the load. */
  next = 0

  /** Requests that are due before this time may go, in ms after the start of the load. */
  openUntil(ms: number): void {
    this.#until = ms
  }

  lets(due: number): boolean {
    return due < this.#until
  }

  /** Whether every request that may go has gone. */
  get isDrained(): boolean {
    return this.next >= this.#until
  }
}
