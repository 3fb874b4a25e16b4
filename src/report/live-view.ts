import type { Ejected, Fill } from '../observe/fill.ts'
import { count } from './figures.ts'
import { cells, clip, padEnd, printable } from './layout.ts'
import { type Look, type Paper, painter, type Style } from './paper.ts'
import {
  ALARMING,
  bar,
  errorText,
  fitting,
  type Part,
  type ProgressState,
  p99,
  phaseLeft,
  place,
  progressLine,
  runsText,
  underWay,
  wholeSeconds,
} from './progress.ts'
import { sparkline } from './sparkline.ts'

/** What a terminal is shown besides the figures of the moment. */
export interface LiveState extends ProgressState {
  /** Which of several scenarios it is, from 0; null when there is only one. */
  scenario: { index: number; count: number } | null
  /** Of all phases. */
  run: { elapsedMs: number; totalMs: number }
  /** Requests sent each second. */
  sentPerSecond: number
  /** The run so far in at most so many pieces, oldest first. */
  history(most: number): readonly Piece[]
  breakers: readonly Fill[]
  ejected: readonly Ejected[]
}

export interface Piece {
  perSecond: number
  /** In [0, 1]; null when nothing was answered. */
  errorShare: number | null
  p99Ms: number | null
}

const LABEL_CELLS = 11
/** On less than that there is one line. */
const LEAST = { width: 30, height: 3 }
const MOST_PIECES = 60
/** The figure beside a history; it grows where one does not fit. */
const FIGURE_CELLS = 12
const GAP = 2
const WIDE = 70
/** A history of errors reaches its top at this share or more, so that one error does not look like an outage. */
const ERRORS_TOP = 0.05
const MOST_BREAKER_LINES = 3
const FILL_CELLS = 6

/**
 * What fits of the view into so many lines, none wider than the terminal: what matters least goes first, and one line is
 * the last that is left.
 */
export function liveLines(state: LiveState, { color, width }: Look, height: number): string[] {
  if (height < LEAST.height || width < LEAST.width) return [progressLine(state, { color, width })]
  const paint = painter(color)
  const room = Math.max(0, width - LABEL_CELLS)
  const row = (label: string, text: string) => `${paint('dim', clip(padEnd(`  ${label}`, LABEL_CELLS), width))}${text}`
  const faults = clip(state.faultsOn.map(printable).join(', '), room)
  const ejected = clip(state.ejected.map(ejectedText).join(', '), room)
  const breakers = breakerTexts(state.breakers, room, paint)
  const lines = [
    { rank: 0, text: headLine(state, width, paint) },
    ...historyRows(state, room, paint).map(({ rank, label, text }) => ({ rank, text: row(label, text) })),
    ...breakers.map((text, i) => ({ rank: 5 + i, text: row(i === 0 ? 'breakers' : '', text) })),
    ...(ejected === '' ? [] : [{ rank: 5 + MOST_BREAKER_LINES, text: row('ejected', paint('red', ejected)) }]),
    ...(faults === '' ? [] : [{ rank: 4, text: row('faults', paint('yellow', faults)) }]),
  ]
  const kept = lines.toSorted((a, b) => a.rank - b.rank).slice(0, height)
  return lines.filter((line) => kept.includes(line)).map(({ text }) => text)
}

/** What matters of the load, now and so far. */
function historyRows(state: LiveState, room: number, paint: Paper['paint']) {
  const figures = [
    {
      rank: 2,
      label: 'served',
      title: state.runs === null ? 'served' : 'ended',
      now: state.runs === null ? `${count(state.rps)} of ${count(state.sentPerSecond)}/s` : runsText(state.runs),
      style: [],
    },
    {
      rank: 1,
      label: 'errors',
      title: state.runs === null ? 'errors' : 'failed',
      now: errorText(state).replace(/ .*/, ''),
      style: state.errorShare >= ALARMING ? 'red' : [],
    },
    { rank: 3, label: 'p99', title: 'p99', now: p99(state).replace('p99 ', ''), style: [] },
  ] as const
  const figureCells = Math.max(FIGURE_CELLS, ...figures.map(({ now }) => cells(now)))
  const pieces = state.history(Math.min(MOST_PIECES, Math.max(0, room - figureCells - GAP)))
  const served = pieces.map((piece) => piece.perSecond)
  const latencies = pieces.map((piece) => piece.p99Ms)
  const errors = pieces.map((piece) => piece.errorShare)
  const lines = {
    served: sparkline(served, Math.max(highest(served), state.sentPerSecond)),
    errors: sparkline(errors, Math.max(highest(errors), ERRORS_TOP)),
    p99: sparkline(latencies, highest(latencies)),
  }
  return figures.map(({ rank, label, title, now, style }) => {
    const figure = paint(style as Style, clip(padEnd(now, figureCells), room))
    const line = figureCells + GAP + cells(lines[label]) > room ? '' : `${' '.repeat(GAP)}${paint('cyan', lines[label])}`
    return { rank, label: title, text: figure + line }
  })
}

const highest = (values: readonly (number | null)[]) => Math.max(0, ...values.map((value) => value ?? 0))

function headLine(state: LiveState, width: number, paint: Paper['paint']): string {
  const runLeft = state.run.totalMs - state.run.elapsedMs
  const { scenario } = state
  return fitting(
    [
      { text: scenario === null ? '' : `scenario ${scenario.index + 1} of ${scenario.count}`, rank: 3, style: 'dim' },
      { text: `${place(state)} ${clip(printable(state.phase.name), 24)}`, rank: 0, style: 'bold' },
      { text: bar(state, width >= WIDE ? 20 : 10), rank: 2, style: 'cyan' },
      { text: phaseLeft(state), rank: 1, style: [] },
      { text: state.phase.index + 1 < state.phase.count && runLeft > 0 ? `run ${wholeSeconds(runLeft)} left` : '', rank: 4, style: 'dim' },
      { text: underWay(state), rank: 5, style: 'dim' },
    ],
    width,
    paint,
  )
}

const ejectedText = ({ cluster, out, hosts }: Ejected) => `${cluster} ${out} of ${hosts} hosts`

/** A line for each cluster, the fullest ones where they are too many; of each the limits that fit, the fullest ones. */
function breakerTexts(fills: readonly Fill[], room: number, paint: Paper['paint']): string[] {
  const byFullness = fills.toSorted((a, b) => b.used / b.max - a.used / a.max)
  const shown = [...new Set(byFullness.map(({ cluster }) => cluster))].slice(0, MOST_BREAKER_LINES)
  // In their order, so that nothing changes places from one look to the next.
  return [...Map.groupBy(fills, ({ cluster }) => cluster)]
    .filter(([cluster]) => shown.includes(cluster))
    .map(([cluster, limits]) => {
      const parts = limits.map((fill): Part => ({ text: fillText(fill, room), rank: byFullness.indexOf(fill), style: fillStyle(fill) }))
      const name = clip(printable(cluster), Math.floor(room / 3))
      return `${name} ${fitting(parts, Math.max(0, room - cells(name) - 1), paint)}`
    })
}

function fillText({ limit, used, max }: Fill, room: number): string {
  const full = Math.min(FILL_CELLS, used === 0 ? 0 : Math.max(1, Math.floor((used / max) * FILL_CELLS)))
  const drawn = room + LABEL_CELLS >= WIDE ? `${'█'.repeat(full)}${'░'.repeat(FILL_CELLS - full)} ` : ''
  return `${limit} ${drawn}${count(used)}/${count(max)}`
}

const fillStyle = ({ used, max }: Fill): Part['style'] => (used >= max ? 'red' : used >= 0.8 * max ? 'yellow' : [])
