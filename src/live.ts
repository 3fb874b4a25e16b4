import { describeAction } from './fault/registry.ts'
import type { LoadWatcher } from './load/drive.ts'
import type { Plan } from './plan/plan.ts'
import { HEARTBEAT_MS, type ProgressState, plainHeartbeat, plainPhaseLine, progressLine } from './report/progress.ts'

const REDRAW_MS = 200
/** Figures are of the last moments, so that a change is seen. */
const WINDOW_MS = 1000

/** Where progress is shown: a terminal that is redrawn, or a log that grows. */
export interface Screen {
  terminal: boolean
  color: boolean
  width: number
  /** Replaces the live line (terminal only). */
  redraw(line: string): void
  /** Adds a line that stays. */
  print(line: string): void
  /** Takes the live line away. */
  clear(): void
}

/** Shows what a run is doing while it does it. */
export class Live implements LoadWatcher {
  readonly #plan: Plan
  readonly #screen: Screen | null
  readonly #timer: NodeJS.Timeout | undefined
  #phase = -1
  #phaseStarted = 0
  #lastBeat = 0
  #inFlight = 0
  #recent: { at: number; latencyMs: number; success: boolean }[] = []

  /** @param screen - null to show nothing */
  constructor(plan: Plan, screen: Screen | null) {
    this.#plan = plan
    this.#screen = screen
    if (screen) this.#timer = setInterval(() => this.#tick(), REDRAW_MS)
    this.#timer?.unref()
  }

  onPhase(index: number) {
    const now = performance.now()
    if (this.#screen && !this.#screen.terminal) {
      if (this.#phase >= 0) this.#screen.print(plainPhaseLine(this.#state(now), 'end'))
    }
    this.#phase = index
    this.#phaseStarted = now
    this.#lastBeat = now
    if (this.#screen && !this.#screen.terminal) this.#screen.print(plainPhaseLine(this.#state(now), 'start'))
  }

  onSent() {
    this.#inFlight++
  }

  onEnd(_index: number, latencyMs: number, success: boolean) {
    this.#inFlight--
    if (this.#screen) this.#recent.push({ at: performance.now(), latencyMs, success })
  }

  /** The phases are over, or the run is. */
  end() {
    clearInterval(this.#timer)
    if (!this.#screen) return
    if (this.#screen.terminal) this.#screen.clear()
    else if (this.#phase >= 0) this.#screen.print(plainPhaseLine(this.#state(performance.now()), 'end'))
    this.#phase = -1
  }

  #tick() {
    if (this.#phase < 0 || !this.#screen) return
    const now = performance.now()
    if (this.#screen.terminal) this.#screen.redraw(progressLine(this.#state(now), this.#screen))
    else if (now - this.#lastBeat >= HEARTBEAT_MS) {
      this.#lastBeat = now
      this.#screen.print(plainHeartbeat(this.#state(now)))
    } else this.#forget(now)
  }

  #state(now: number): ProgressState {
    this.#forget(now)
    const phase = this.#plan.phases[this.#phase] as Plan['phases'][number]
    const latencies = this.#recent.map((end) => end.latencyMs).sort((a, b) => a - b)
    const seconds = Math.min(WINDOW_MS, Math.max(1, now - this.#phaseStarted)) / 1000
    return {
      phase: { name: phase.name, index: this.#phase, count: this.#plan.phases.length },
      elapsedMs: now - this.#phaseStarted,
      totalMs: phase.to - phase.from,
      rps: this.#recent.length / seconds,
      errorShare: this.#recent.length === 0 ? 0 : this.#recent.filter((end) => !end.success).length / this.#recent.length,
      p99Ms: latencies.length === 0 ? null : (latencies[Math.ceil(latencies.length * 0.99) - 1] as number),
      inFlight: this.#inFlight,
      faultsOn: phase.faults.map((index) => {
        const fault = this.#plan.faults[index] as Plan['faults'][number]
        return `${describeAction(fault.action)} on ${fault.cluster}`
      }),
    }
  }

  #forget(now: number) {
    const from = Math.max(now - WINDOW_MS, this.#phaseStarted)
    let gone = 0
    while (gone < this.#recent.length && (this.#recent[gone]?.at as number) < from) gone++
    if (gone > 0) this.#recent.splice(0, gone)
  }
}
