/**
 * Holds requests back at the edge of a phase until its faults are in force, so that every request meets the faults of the
 * phase it is due in. That takes about a millisecond or two, which counts as the generator's own lateness.
 */
export class Gate {
  #until = 0
  #waiting: (() => void)[] = []
  /** The due time of the next request to be sent, in ms; infinity when all are out. Kept by the load. */
  next = 0

  /** Requests that are due before this time may go, in ms after the start of the load. */
  openUntil(ms: number): void {
    this.#until = ms
    for (const go of this.#waiting.splice(0)) go()
  }

  lets(due: number): boolean {
    return due < this.#until
  }

  /** @param go - called once, when the gate is opened for longer than it is now */
  whenOpened(go: () => void): void {
    this.#waiting.push(go)
  }

  /** Whether every request that may go has gone. */
  get isDrained(): boolean {
    return this.next >= this.#until
  }
}
