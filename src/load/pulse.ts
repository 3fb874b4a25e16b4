/** The grid of times, in ms after the start of the load, at which the pulse is due. */
export const BEAT_MS = 10

/** What is late by less is left out: Node's timers take whole milliseconds, and share the loop with everything else. */
const LEAST_MS = 5

/** What the load generator was to do at one time and did at another, in ms after the start of the load. */
export interface Late {
  from: number
  to: number
}

/** How late the load generator itself was, apart from its requests: what was late, of all that was due. */
export interface Lateness {
  /** Of the pulse, which is due every `BEAT_MS`. */
  beats: readonly Late[]
  /** Of the requests of a closed loop, each of which is due when its caller has its last answer and has thought. */
  sends: readonly Late[]
}

/**
 * Notices when this process does not run: while it stands still no answer is taken and, in a closed loop, no request is
 * missed. It is due at fixed times, so that one long stall counts for as many beats as it swallowed.
 */
export class Pulse {
  readonly #zero: number
  #due = 0
  #timer: NodeJS.Timeout | undefined
  #beats: Late[] = []
  #sends: Late[] = []

  /** @param zero - the start of the load, on the clock of `performance.now()` */
  constructor(zero: number) {
    this.#zero = zero
    this.#beat()
  }

  /** Tells that a request was to be sent at one time and was at another. */
  sent(from: number, to: number): void {
    if (to - from > LEAST_MS) this.#sends.push({ from, to })
  }

  /** What was late since this was last asked. */
  take(): Lateness {
    this.#catchUp()
    const taken = { beats: this.#beats, sends: this.#sends }
    this.#beats = []
    this.#sends = []
    return taken
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #beat(): void {
    this.#timer = setTimeout(() => this.#beat(), Math.max(1, this.#catchUp()))
  }

  /** @returns ms until the next beat */
  #catchUp(): number {
    const now = performance.now() - this.#zero
    for (; this.#due <= now; this.#due += BEAT_MS) {
      if (now - this.#due > LEAST_MS) this.#beats.push({ from: this.#due, to: now })
    }
    return this.#due - now
  }
}
