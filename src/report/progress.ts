import { plural } from '../value/show.ts'
import { count, duration, shareOf } from './figures.ts'
import { cells, clip, printable } from './layout.ts'
import { type Look, type Paper, painter, type Style } from './paper.ts'

/** What a run is doing right now. */
export interface ProgressState {
  phase: {
    name: string
    /** Counts from 0. */
    index: number
    count: number
  }
  /** Of the phase. */
  elapsedMs: number
  totalMs: number
  /** Answered, or given up, each second. */
  rps: number
  /** In [0, 1]. */
  errorShare: number
  /** Null when nothing was answered yet. */
  p99Ms: number | null
  inFlight: number
  /** Where an app is run to its end, which has no planned length: how many runs of the phase are over. */
  runs: { ended: number; total: number } | null
  /** In words: `delay 400ms on inventory`. */
  faultsOn: readonly string[]
}

/** Without a terminal, a log shows this often that the run is alive. */
export const HEARTBEAT_MS = 10_000

const BAR_CELLS = 10
const SEPARATOR = ' · '
/** Above this share the eye should find the errors. */
export const ALARMING = 0.01

/** One line for a terminal, never wider than it; the parts that matter least go first. */
export function progressLine(state: ProgressState, { color, width }: Look): string {
  const paint = painter(color)
  const errors = errorText(state)
  const parts: Part[] = [
    { text: `${place(state)} ${clip(printable(state.phase.name), 24)}`, rank: 0, style: 'bold' },
    { text: bar(state, BAR_CELLS), rank: 6, style: 'cyan' },
    { text: phaseLeft(state), rank: 1, style: [] },
    { text: state.runs === null ? rate(state) : '', rank: 3, style: [] },
    { text: errors, rank: 2, style: state.errorShare >= ALARMING ? 'red' : [] },
    { text: p99(state), rank: 4, style: [] },
    { text: underWay(state), rank: 7, style: 'dim' },
    { text: state.faultsOn.map(printable).join(', '), rank: 5, style: 'yellow' },
  ]
  return fitting(parts, width, paint)
}

/** A piece of a line; that of the highest rank goes first where not all of them fit. */
export interface Part {
  text: string
  rank: number
  style: Style
}

/** As many of the parts as fit; an empty one is none. */
export function fitting(parts: readonly Part[], width: number, paint: Paper['paint']): string {
  let shown = parts.filter((part) => part.text !== '')
  const taken = () => cells(shown.map((part) => part.text).join(SEPARATOR))
  while (shown.length > 1 && taken() > width) shown = shown.filter((part) => part.rank !== Math.max(...shown.map(({ rank }) => rank)))
  return shown.map((part) => paint(part.style, clip(part.text, width))).join(SEPARATOR)
}

/** For logs: `phase 2/4 brownout: 10s, faults on: delay 400ms on inventory` and `phase 2/4 brownout: done, …`. */
export function plainPhaseLine(state: ProgressState, edge: 'start' | 'end'): string {
  const faults = state.faultsOn.length === 0 ? 'no faults' : `faults on: ${state.faultsOn.map(printable).join(', ')}`
  return edge === 'start'
    ? `phase ${place(state)} ${printable(state.phase.name)}: ${state.runs === null ? duration(state.totalMs) : plural(state.runs.total, 'run')}, ${faults}`
    : `phase ${place(state)} ${printable(state.phase.name)}: done after ${seconds(state.elapsedMs)}, ${figures(state)}`
}

/** For logs, each `HEARTBEAT_MS`. */
export function plainHeartbeat(state: ProgressState): string {
  const so = state.runs === null ? `${seconds(state.elapsedMs)} of ${duration(state.totalMs)}` : `after ${seconds(state.elapsedMs)}`
  return `phase ${place(state)} ${printable(state.phase.name)}: ${so}, ${figures(state)}, ${underWay(state)}`
}

export const place = ({ phase }: ProgressState) => `${phase.index + 1}/${phase.count}`
const rate = ({ rps }: ProgressState) => `${count(rps)}/s`
export const p99 = ({ p99Ms }: ProgressState) => `p99 ${p99Ms === null ? '–' : duration(p99Ms)}`
export const errorText = ({ errorShare, runs }: ProgressState) =>
  `${shareOf(Math.min(1, Math.max(0, errorShare)), 1)} ${runs === null ? 'errors' : 'failed'}`
export const underWay = ({ inFlight, runs }: ProgressState) => `${count(inFlight)} ${runs === null ? 'in flight' : 'running'}`
export const runsText = ({ ended, total }: NonNullable<ProgressState['runs']>) => `${count(ended)} of ${plural(total, 'run')}`
const figures = (state: ProgressState) =>
  [state.runs === null ? rate(state) : runsText(state.runs), errorText(state), p99(state)].join(', ')
const seconds = (ms: number) => duration(Math.max(0, Math.round(ms / 100) * 100))

/** In whole seconds, rounded up; a phase that is over may still wait for answers. */
export function phaseLeft({ elapsedMs, totalMs, runs }: ProgressState): string {
  if (runs !== null) return runsText(runs)
  const ms = totalMs - elapsedMs
  return ms <= 0 ? 'ending' : `${wholeSeconds(ms)} left`
}

/** Rounded up: `17s`. */
export const wholeSeconds = (ms: number) => duration(Math.ceil(ms / 1000) * 1000)

export function bar({ elapsedMs, totalMs, runs }: ProgressState, length: number): string {
  const [done, all] = runs === null ? [elapsedMs, totalMs] : [runs.ended, runs.total]
  const share = all > 0 ? Math.min(1, Math.max(0, done / all)) : 0
  const full = Math.round(share * length) || 0
  return '━'.repeat(full) + '─'.repeat(length - full)
}
