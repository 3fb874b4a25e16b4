import type { StatsSnapshot } from '../envoy/stats.ts'
import { breakerFill, ejectedHosts } from '../observe/fill.ts'
import { nounOf } from '../plan/noun.ts'
import type { Plan, PlannedFault } from '../plan/plan.ts'
import { askedOf, faultTarget, replicasOf } from '../report/fault-words.ts'
import { type LiveState, liveLines, type Piece } from '../report/live-view.ts'
import { HEARTBEAT_MS, type ProgressState, plainHeartbeat, plainPhaseLine } from '../report/progress.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { plural } from '../value/show.ts'
import { History, merged, type Slot } from './history.ts'
import type { RunWatcher } from './run-watcher.ts'
import { Tally } from './tally.ts'

const REDRAW_MS = 200
/** Figures are of the last second or so, so that a change is seen. */
const WINDOW_SLOTS = 5
const HISTORY = { most: 60, slotMs: 400 }

/** Where progress is shown: a terminal that is redrawn, or a log that grows. */
export interface Screen {
  terminal: boolean
  color: boolean
  /** Cells in a line, and lines, as they are now: a terminal changes. */
  size(): { width: number; height: number }
  /** Replaces the live lines (terminal only). */
  redraw(text: string): void
  /** Adds a line that stays. */
  print(line: string): void
  /** Takes the live lines away. */
  clear(): void
}

/** Shows what a run is doing while it does it. What it keeps of the requests does not grow with them. */
export class Live implements RunWatcher {
  readonly #scenario: Scenario
  readonly #plan: Plan
  readonly #screen: Screen | null
  readonly #place: LiveState['scenario']
  readonly #timer: NodeJS.Timeout | undefined
  #phase = -1
  #phaseStarted = 0
  #lastBeat = Number.NEGATIVE_INFINITY
  #inFlight = 0
  /** Since the last look. */
  readonly #now = new Tally()
  #looked = 0
  #window: Slot[] = []
  #ofPhase = new Tally()
  readonly #history = new History(HISTORY.most, HISTORY.slotMs)
  #stats: StatsSnapshot = {}
  #percents: ReadonlyMap<string, number> = new Map()

  /**
   * @param screen - null to show nothing
   * @param place - which of several scenarios this is
   */
  constructor(scenario: Scenario, plan: Plan, screen: Screen | null, place: LiveState['scenario'] = null) {
    this.#scenario = scenario
    this.#plan = plan
    this.#screen = screen
    this.#place = place
    if (screen) this.#timer = setInterval(() => this.#tick(), REDRAW_MS)
    this.#timer?.unref()
  }

  onPhase(index: number) {
    const now = performance.now()
    this.#look(now)
    if (this.#screen && !this.#screen.terminal && this.#phase >= 0) this.#printPhaseEnd(now)
    this.#ofPhase = new Tally()
    this.#phase = index
    this.#phaseStarted = now
    this.#lastBeat = now
    if (this.#screen && !this.#screen.terminal) this.#screen.print(plainPhaseLine(this.#state(now, this.#recent()), 'start'))
  }

  /** @param percents - what ramps are now, by the ids of their faults */
  onStep(percents: ReadonlyMap<string, number>) {
    this.#percents = percents
  }

  onLog() {}

  onSent() {
    this.#inFlight++
    this.#now.sent++
  }

  onEnd(_index: number, latencyMs: number, success: boolean) {
    this.#inFlight--
    if (this.#screen) this.#now.end(latencyMs, success)
  }

  onStats(stats: StatsSnapshot) {
    this.#stats = stats
  }

  /** The phases are over, or the run is. */
  end() {
    clearInterval(this.#timer)
    if (!this.#screen) return
    const now = performance.now()
    this.#look(now)
    if (this.#screen.terminal) this.#screen.clear()
    else if (this.#phase >= 0) this.#printPhaseEnd(now)
    this.#phase = -1
  }

  #printPhaseEnd(now: number) {
    this.#screen?.print(plainPhaseLine(this.#state(now, { ms: now - this.#phaseStarted, tally: this.#ofPhase }), 'end'))
  }

  #tick() {
    if (!this.#screen) return
    if (this.#phase < 0) return this.#tellWarmUp()
    const now = performance.now()
    this.#look(now)
    if (this.#screen.terminal) {
      const { width, height } = this.#screen.size()
      // The line below them belongs to them: the cursor waits there.
      this.#screen.redraw(liveLines(this.#liveState(now), { color: this.#screen.color, width }, height - 1).join('\n'))
    } else if (now - this.#lastBeat >= HEARTBEAT_MS) {
      this.#lastBeat = now
      this.#screen.print(plainHeartbeat(this.#state(now, this.#recent())))
    }
  }

  /** Before the first phase nothing is judged, and nothing counted. */
  #tellWarmUp() {
    if (!this.#screen || this.#now.sent === 0) return
    const inFlight = `${plural(this.#inFlight, 'request')} in flight`
    const now = performance.now()
    if (this.#screen.terminal) this.#screen.redraw(`warm-up · ${inFlight}`)
    else if (now - this.#lastBeat >= HEARTBEAT_MS) {
      this.#lastBeat = now
      this.#screen.print(`warm-up: ${inFlight}`)
    }
  }

  /** Takes up what was counted since the last look. */
  #look(now: number) {
    const ms = now - this.#looked
    this.#looked = now
    if (this.#phase >= 0) {
      const slot = { ms, tally: new Tally() }
      slot.tally.add(this.#now)
      this.#window = [...this.#window, slot].slice(-WINDOW_SLOTS)
      this.#ofPhase.add(this.#now)
      this.#history.add(this.#now, ms)
    }
    this.#now.clear()
  }

  #recent(): Slot {
    return merged(this.#window, WINDOW_SLOTS)[0] ?? { ms: 0, tally: new Tally() }
  }

  /** @param shown - what the figures are made of */
  #state(now: number, { ms, tally }: Slot): ProgressState {
    const phase = this.#plan.phases[this.#phase] as Plan['phases'][number]
    return {
      phase: { name: phase.name, index: this.#phase, count: this.#plan.phases.length },
      elapsedMs: now - this.#phaseStarted,
      totalMs: phase.to - phase.from,
      runs: nounOf(this.#plan) === 'run' ? { ended: this.#ofPhase.ended, total: phase.to - phase.from } : null,
      rps: perSecond(tally.ended, ms),
      errorShare: tally.errorShare ?? 0,
      p99Ms: tally.latency.quantile(0.99),
      inFlight: this.#inFlight,
      faultsOn: phase.faults.map((index) => faultText(this.#plan, this.#plan.faults[index] as PlannedFault, this.#percents)),
    }
  }

  #liveState(now: number): LiveState {
    const recent = this.#recent()
    const phase = this.#plan.phases[this.#phase] as Plan['phases'][number]
    return {
      ...this.#state(now, recent),
      scenario: this.#place,
      run: this.#runTime(phase, now),
      sentPerSecond: perSecond(recent.tally.sent, recent.ms),
      history: (most) => piecesOf(this.#history.slots, most),
      breakers: breakerFill(this.#scenario, this.#stats),
      ejected: ejectedHosts(this.#scenario, this.#stats),
    }
  }

  /** Phases of runs have a number, and no length that could be told before. */
  #runTime({ from }: Plan['phases'][number], now: number): LiveState['run'] {
    if (nounOf(this.#plan) === 'run') return { elapsedMs: 0, totalMs: 0 }
    return { elapsedMs: from + now - this.#phaseStarted, totalMs: this.#plan.phases.at(-1)?.to ?? 0 }
  }
}

/** `10% delay 400ms on inventory/2` */
export function faultText(plan: Plan, fault: PlannedFault, now: ReadonlyMap<string, number>): string {
  const percent = now.get(fault.id)
  const share = percent !== undefined ? `${Math.round(percent)}% ` : fault.percent === 100 ? '' : `${askedOf(fault)} `
  return `${share}${faultTarget(fault, replicasOf(fault.cluster, plan))}`
}

const perSecond = (events: number, ms: number) => (ms <= 0 ? 0 : (events * 1000) / ms)

function piecesOf(slots: readonly Slot[], most: number): Piece[] {
  return merged(slots, Math.max(1, Math.ceil(slots.length / Math.max(1, most)))).map(({ ms, tally }) => ({
    perSecond: perSecond(tally.ended, ms),
    errorShare: tally.errorShare,
    p99Ms: tally.latency.quantile(0.99),
  }))
}
