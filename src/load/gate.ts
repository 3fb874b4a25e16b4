/**
 * Holds requests back at the edge of a phase until its faults are in force, so that every request meets the faults of the
 * phase it is due in. That takes about a millisecond or two, which counts as the generator's own lateness.
 */
export class Gate {
  #until = 0

  /** Requests that are due before this time may go, in ms after the start of the load. */
  openUntil(ms: number): void {
    this.#until = ms
  }

  lets(due: number): boolean {
    return due < this.#until
  }
}
