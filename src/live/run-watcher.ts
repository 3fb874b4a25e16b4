import type { StatsSnapshot } from '../envoy/stats.ts'
import type { LoadWatcher } from '../load/load-run.ts'

/** Told of what a run does while it does it. */
export interface RunWatcher extends LoadWatcher {
  onPhase(index: number): void
  /** @param percents - what ramps are now, by the ids of their faults */
  onStep(percents: ReadonlyMap<string, number>): void
  onStats(stats: StatsSnapshot): void
  /** The phases are over, or the run is; may be said more than once. */
  end(): void
}

export const bothWatch = (one: RunWatcher, other: RunWatcher): RunWatcher => ({
  onLog(log) {
    one.onLog(log)
    other.onLog(log)
  },
  onPhase(index) {
    one.onPhase(index)
    other.onPhase(index)
  },
  onStep(percents) {
    one.onStep(percents)
    other.onStep(percents)
  },
  onSent(index) {
    one.onSent(index)
    other.onSent(index)
  },
  onEnd(index, latencyMs, success) {
    one.onEnd(index, latencyMs, success)
    other.onEnd(index, latencyMs, success)
  },
  onStats(stats) {
    one.onStats(stats)
    other.onStats(stats)
  },
  end() {
    one.end()
    other.end()
  },
})
