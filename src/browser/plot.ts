import type { PlotData } from '../page/live-data.ts'

/** A plot over the time axis of the run, before it is drawn. */
export interface Plot {
  title: string
  /** What is to be seen in it, in a sentence. */
  about: string
  lines: readonly Line[]
  limits?: readonly Limit[]
  /** Of latencies, by `PlotData.traffic.heat`. */
  heat?: true
  isLog?: true
  tall?: true
  /** Labels of the axis. */
  show(value: number): string
}

export interface Line {
  name: string
  /** A custom property of the style. */
  colour: string
  /** One for each stretch. */
  values: readonly (number | null)[]
  form: 'line' | 'area' | 'stacked' | 'faint' | 'marks'
  /** The whole run in a word, beside the name. */
  overall: string
  show(value: number): string
}

export interface Limit {
  name: string
  value: number
  /** Too far above all that happened to be drawn. */
  isFar: boolean
}

export const perSecondOf = ({ axis }: PlotData, counts: readonly number[]) => counts.map((each) => (each * 1000) / axis.step)

export const sum = (values: readonly number[]) => values.reduce((total, each) => total + each, 0)

/** Without the arguments of a call: rows can be long. */
export const most = (values: readonly (number | null)[]) => values.reduce<number>((high, each) => Math.max(high, each ?? 0), 0)
