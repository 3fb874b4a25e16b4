import { describeAction } from './fault/registry.ts'
import type { LoadWatcher } from './load/load-run.ts'
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

interface End {
  at: number
  latencyMs: number
  success: boolean
}

/** Shows what a run is doing while it does it. */
export class Live implements Omit<LoadWatcher, 'onLog'> {
  readonly #plan: Plan
  readonly #screen: Screen | null
  readonly #timer: NodeJS.Timeout | undefined
  #phase = -1
  #phaseStarted = 0
  #lastBeat = 0
  #inFlight = 0
  /** Ends of the last moments, for the live line. */
  #recent: End[] = []
  /** Ends since the phase began, for the line that closes it. */
  #ended: End[] = []

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
      if (this.#phase >= 0) this.#screen.print(plainPhaseLine(this.#state(now, this.#ended), 'end'))
    }
    this.#ended = []
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
    if (!this.#screen) return
    const end = { at: performance.now(), latencyMs, success }
    this.#recent.push(end)
    this.#ended.push(end)
  }

  /** The phases are over, or the run is. */
  end() {
    clearInterval(this.#timer)
    if (!this.#screen) return
    if (this.#screen.terminal) this.#screen.clear()
    else if (this.#phase >= 0) this.#screen.print(plainPhaseLine(this.#state(performance.now(), this.#ended), 'end'))
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

  /** @param ends - those that figures are made of: the recent ones, or all of the phase */
  #state(now: number, ends?: readonly End[]): ProgressState {
    this.#forget(now)
    const phase = this.#plan.phases[this.#phase] as Plan['phases'][number]
    const shown = ends ?? this.#recent
    const latencies = shown.map((end) => end.latencyMs).sort((a, b) => a - b)
    const span = ends ? now - this.#phaseStarted : Math.min(WINDOW_MS, now - this.#phaseStarted)
    const seconds = Math.max(1, span) / 1000
    return {
      phase: { name: phase.name, index: this.#phase, count: this.#plan.phases.length },
      elapsedMs: now - this.#phaseStarted,
      totalMs: phase.to - phase.from,
      rps: shown.length / seconds,
      errorShare: shown.length === 0 ? 0 : shown.filter((end) => !end.success).length / shown.length,
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
