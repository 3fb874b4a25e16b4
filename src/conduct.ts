import { setTimeout as sleep } from 'node:timers/promises'
import type { StatsSnapshot } from './envoy/stats.ts'
import type { ClientLog } from './load/client-log.ts'
import { Gate } from './load/gate.ts'
import { readyLoad } from './load/load.ts'
import type { LoadWatcher } from './load/load-run.ts'
import { Pulse } from './load/pulse.ts'
import type { PhaseTimes, RampStep } from './observe/timeline.ts'
import type { Plan } from './plan/plan.ts'
import { rampsAt } from './plan/ramps.ts'
import type { StartedTopology } from './topology/topology.ts'

const SCRAPE_EVERY_MS = 100
/** For the last requests of a phase, which a stalled generator still has to send. */
const DRAIN_WITHIN_MS = 250
/** From the socket of the client through Envoy's first listener to the second, on a machine that is not starved. */
const ARRIVE_WITHIN_MS = 3
/** Between the start of the load generator and the first due time. */
const LEAD_MS = 10
/**
 * Between two steps of a ramp. Over 4 s a ramp from 0 to 50 % then goes by 1.25 % a step, which few requests could tell from
 * an even one; a step costs Envoy about as much as a look at its stats, which it gives as often.
 */
const STEP_EVERY_MS = 100
/** Between two looks whether all runs of an app are over. */
const RUN_POLL_MS = 2
const DEATH_KNOWN_WITHIN_MS = 500

export interface Conducted {
  client: ClientLog
  phases: readonly PhaseTimes[]
  /** Envoy's stats as they were when the last request had ended. */
  last: StatsSnapshot
  /** Calls to Envoy that the app had not given up when the load had ended, and ended with it. */
  heldCalls: number
  /** Why the run was cut short: the reason of the signal, the death of the topology, or an error; null for a whole run. */
  stopped: unknown
}

export interface Stage {
  onPhase(index: number): void
  /** @param percents - what ramps are now, by the ids of their faults */
  onStep(percents: ReadonlyMap<string, number>): void
  onPhaseOver(times: PhaseTimes): void
  onStats(atMs: number, stats: StatsSnapshot): void
  watcher: LoadWatcher
}

/**
 * Plays the phases on a started topology: the load runs through all of them, and at each edge the faults of the next
 * phase are put in force while requests are in flight.
 * @param signal - cuts the run short: load and faults end at once, and what was seen so far is returned
 */
export async function conduct(topology: StartedTopology, plan: Plan, stage: Stage, signal: AbortSignal): Promise<Conducted> {
  const target = plan.load.target ?? `http://${topology.entrance.host}:${topology.entrance.port}`
  await topology.setFaults(warmsUp(plan) ? [] : faultsOf(plan, 0), middleOfStep(plan, 0, plan.phases[0]?.from ?? 0))
  const play = readyLoad(plan.load)

  const zero = performance.now() + LEAD_MS
  const now = () => performance.now() - zero
  const failed = new AbortController()
  const stop = AbortSignal.any([signal, topology.death, failed.signal])
  const gate = new Gate()
  const pulse = new Pulse(zero)
  const load = play({ origin: new URL(target).origin, plan, zero, gate, pulse, watcher: stage.watcher, signal: stop })
  const scrapes = new AbortController()
  const scraping = scrapeStats(topology, now, stage, scrapes.signal)

  const fail = async (error: unknown) => {
    // Whoever asks a process that has just died may hear of it before its death is known, which says more.
    if (!stop.aborted) await sleep(DEATH_KNOWN_WITHIN_MS, undefined, { signal: stop }).catch(() => {})
    failed.abort(error)
  }

  const phases: PhaseTimes[] = []
  const ended = (phase: PhaseTimes) => {
    phases.push(phase)
    stage.onPhaseOver(phase)
  }
  let last: StatsSnapshot = {}
  let heldCalls = 0
  try {
    await playPhases(topology, plan, { now, stop, gate, pulse, onPhase: stage.onPhase, onStep: stage.onStep, ended })
    await topology.setFaults([])
  } catch (error) {
    await fail(error)
    await topology.setFaults([]).catch(() => {})
  }
  const client = await load
  pulse.stop()
  try {
    if (!stop.aborted) heldCalls = await topology.settle()
    if (!topology.death.aborted) last = await topology.stats()
  } catch (error) {
    await fail(error)
  }
  scrapes.abort()
  await scraping
  return { client, phases, last, heldCalls, stopped: stop.aborted ? stop.reason : null }
}

interface Play {
  now: () => number
  stop: AbortSignal
  gate: Gate
  pulse: Pulse
  onPhase(index: number): void
  onStep: Stage['onStep']
  ended(phase: PhaseTimes): void
}

async function playPhases(topology: StartedTopology, plan: Plan, play: Play): Promise<void> {
  const { now, stop, gate, pulse, onPhase, ended } = play
  if (warmsUp(plan)) await warmUp(plan, play)
  let before = await topology.stats()
  for (const [index, phase] of plan.phases.entries()) {
    const isStart = index === 0 && !warmsUp(plan)
    const from = isStart ? 0 : now()
    if (!isStart) await topology.setFaults(faultsOf(plan, index), middleOfStep(plan, index, from))
    const applied = isStart ? 0 : now()
    gate.openUntil(phase.to)
    onPhase(index)
    const steps = rampSteps(topology, plan, index, { now, stop, onStep: play.onStep }, { from, applied })
    if (plan.load.kind === 'runs') await allOver(gate, stop)
    else {
      await steps.untilOver()
      await until(phase.to, now, stop)
      await drained(gate, now, stop)
    }
    const [after, doors] = topology.death.aborted ? [before, []] : await Promise.all([topology.stats(), topology.doorReports()])
    const to = now()
    const times = { from, applied, to, complete: !stop.aborted, before, after, lateness: pulse.take() }
    ended({ ...times, ...(steps.taken.length === 0 ? {} : { steps: steps.taken }), ...(doors.length === 0 ? {} : { doors }) })
    if (stop.aborted) return
    before = after
  }
}

/** What ramps are in the middle of a step that begins at this time: so their mean over the phase is that of the line. */
const middleOfStep = (plan: Plan, phase: number, at: number) => rampsAt(plan, phase, at + STEP_EVERY_MS / 2)

/** Moves the ramps of a phase while it goes; requests do not wait for that. Each step is kept with its real times. */
function rampSteps(
  topology: StartedTopology,
  plan: Plan,
  phase: number,
  { now, stop, onStep }: Pick<Play, 'now' | 'stop' | 'onStep'>,
  first: Pick<RampStep, 'from' | 'applied'>,
) {
  const taken: RampStep[] = []
  const keep = (times: Pick<RampStep, 'from' | 'applied'>, percents: ReadonlyMap<string, number>) => {
    if (percents.size === 0) return
    taken.push({ ...times, percents: Object.fromEntries(percents) })
    onStep(percents)
  }
  keep(first, middleOfStep(plan, phase, first.from))
  const to = plan.phases[phase]?.to ?? 0
  return {
    taken,
    async untilOver() {
      if (taken.length === 0) return
      for (let next = first.from + STEP_EVERY_MS; next < to && !stop.aborted; next += STEP_EVERY_MS) {
        await until(next, now, stop)
        // One that comes late is left out: the line has gone on.
        if (stop.aborted || now() > next + STEP_EVERY_MS) continue
        const from = now()
        const percents = middleOfStep(plan, phase, from)
        await topology.movePercents(faultsOf(plan, phase), percents)
        keep({ from, applied: now() }, percents)
      }
    },
  }
}

const warmsUp = ({ phases: [first] }: Plan) => first !== undefined && first.from > 0

/** Load before the first phase, without faults. */
async function warmUp({ phases: [first] }: Plan, { now, stop, gate, pulse }: Play): Promise<void> {
  const to = first?.from ?? 0
  gate.openUntil(to)
  await until(to, now, stop)
  await drained(gate, now, stop)
  pulse.take()
}

const faultsOf = (plan: Plan, phase: number) => (plan.phases[phase]?.faults ?? []).map((index) => plan.faults[index]?.id as string)

/**
 * Waits until the requests of a phase are out and have come to where its faults are, so that they meet those and not the
 * next ones. Those of the next phase wait at the gate meanwhile. Requests that take longer are known by their logs as
 * strays (`observe/stray.ts`).
 */
async function drained(gate: Gate, now: () => number, stop: AbortSignal): Promise<void> {
  const limit = now() + DRAIN_WITHIN_MS
  while (!gate.isDrained && now() < limit && !stop.aborted) await sleep(1)
  if (!stop.aborted) await sleep(ARRIVE_WITHIN_MS)
}

/** Waits until every run of an app that this phase has is over. */
async function allOver(gate: Gate, stop: AbortSignal): Promise<void> {
  while (!gate.isDrained && !stop.aborted) await sleep(RUN_POLL_MS)
}

/** Resolves at the given time of the load, or at once when the run is stopped. */
async function until(at: number, now: () => number, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return
  await sleep(Math.max(0, at - now()), undefined, { signal: stop }).catch(() => {})
}

async function scrapeStats(topology: StartedTopology, now: () => number, stage: Stage, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !topology.death.aborted) {
    try {
      const at = now()
      stage.onStats(at, await topology.stats())
      await sleep(SCRAPE_EVERY_MS - Math.min(SCRAPE_EVERY_MS, now() - at), undefined, { signal })
    } catch {
      // Ended, or Envoy died: whoever watches the topology says so.
      return
    }
  }
}
