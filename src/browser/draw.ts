import { CustomChart, LineChart } from 'echarts/charts'
import {
  AriaComponent,
  AxisPointerComponent,
  DataZoomComponent,
  GridComponent,
  MarkAreaComponent,
  MarkLineComponent,
} from 'echarts/components'
import { type ECharts, init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import type { PlotData } from '../page/live-data.ts'
import { HEAT_GROWTH } from '../page/page-data.ts'
import { colour } from './dom.ts'
import type { Line, Plot } from './plot.ts'
import { moment } from './words.ts'

use([
  LineChart,
  CustomChart,
  GridComponent,
  AxisPointerComponent,
  DataZoomComponent,
  MarkAreaComponent,
  MarkLineComponent,
  AriaComponent,
  CanvasRenderer,
])

/** Equal in all plots, so that one time stands in one place. */
const LEFT = 58
const RIGHT = 14
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif'

/** Draws a plot into an element that has its size. */
export function draw(element: HTMLElement, plot: Plot, data: PlotData): ECharts {
  const chart = init(element, null, { renderer: 'canvas' })
  chart.setOption({
    ...base(data),
    grid: { left: LEFT, right: RIGHT, top: 10, bottom: 24 },
    yAxis: valueAxis(plot),
    dataZoom: [{ type: 'inside', filterMode: 'none', zoomOnMouseWheel: 'ctrl', moveOnMouseWheel: false, moveOnMouseMove: false }],
    aria: { enabled: true, label: { description: `${plot.title}: ${plot.about}` } },
    series: seriesOf(plot, data),
  })
  return chart
}

/** What of a plot changes with the data. */
export function seriesOf(plot: Plot, data: PlotData): Record<string, unknown>[] {
  const series = plot.heat ? [heatSeries(data)] : plot.lines.map((line) => lineSeries(line, data))
  const [first] = series
  if (first !== undefined) Object.assign(first, marks(plot, data))
  return [...series, ...room(plot)]
}

/** The slider by which all plots are zoomed. */
export function drawRail(element: HTMLElement, data: PlotData): ECharts {
  const chart = init(element, null, { renderer: 'canvas' })
  const [soft, line] = [colour('soft'), colour('line')]
  chart.setOption({
    ...base(data),
    grid: { left: LEFT, right: RIGHT, top: 4, height: 1 },
    xAxis: { ...base(data).xAxis, show: false },
    yAxis: { type: 'value', show: false },
    dataZoom: [
      {
        type: 'slider',
        filterMode: 'none',
        left: LEFT,
        right: RIGHT,
        top: 8,
        height: 34,
        brushSelect: true,
        showDetail: false,
        borderColor: line,
        backgroundColor: colour('card'),
        fillerColor: colour('filler'),
        handleStyle: { color: colour('card'), borderColor: soft },
        moveHandleSize: 5,
        dataBackground: { lineStyle: { color: colour('offered') }, areaStyle: { color: colour('offered'), opacity: 0.25 } },
        selectedDataBackground: { lineStyle: { color: colour('served') }, areaStyle: { color: colour('served'), opacity: 0.35 } },
      },
    ],
    series: [
      {
        type: 'line',
        data: railPoints(data),
        showSymbol: false,
        lineStyle: { width: 0 },
        silent: true,
      },
    ],
  })
  return chart
}

export const railPoints = (data: PlotData) => data.traffic.offered.map((each, i) => [middle(data, i), each])

const middle = ({ axis }: PlotData, i: number) => (i + 0.5) * axis.step

function base({ axis }: PlotData) {
  const soft = colour('soft')
  return {
    animation: false,
    textStyle: { fontFamily: FONT },
    xAxis: {
      type: 'value' as const,
      min: 0,
      max: axis.count * axis.step,
      axisLabel: { color: soft, fontSize: 12, formatter: moment, hideOverlap: true, showMaxLabel: false },
      axisLine: { show: true, lineStyle: { color: colour('line') } },
      axisTick: { show: false },
      splitLine: { show: false },
      axisPointer: {
        show: true,
        snap: false,
        triggerTooltip: false,
        label: { show: false },
        lineStyle: { color: soft, type: 'solid' as const },
      },
    },
  }
}

function valueAxis({ isLog, show }: Plot) {
  return {
    type: isLog ? ('log' as const) : ('value' as const),
    ...(isLog ? {} : { min: 0 }),
    splitNumber: 3,
    axisLabel: { color: colour('soft'), fontSize: 12, formatter: show, hideOverlap: true },
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: colour('grid') } },
  }
}

function lineSeries(line: Line, data: PlotData): Record<string, unknown> {
  const own = colour(line.colour)
  const points = line.values.map((value, i) => [middle(data, i), value])
  const common = { type: 'line', name: line.name, data: points, silent: true, showSymbol: false, color: own }
  switch (line.form) {
    case 'line':
      return { ...common, step: 'middle', lineStyle: { width: 1.8 }, z: 3 }
    case 'area':
      return { ...common, step: 'middle', lineStyle: { width: 1.5 }, areaStyle: { opacity: 0.22 } }
    case 'faint':
      return { ...common, step: 'middle', lineStyle: { width: 0 }, areaStyle: { opacity: 0.3 } }
    case 'stacked':
      return { ...common, step: 'middle', stack: 'all', lineStyle: { width: 0 }, areaStyle: { opacity: 0.85 } }
    case 'marks':
      return {
        ...common,
        lineStyle: { width: 0 },
        showSymbol: true,
        showAllSymbol: true,
        symbol: 'triangle',
        symbolRotate: 180,
        symbolSize: 9,
        symbolOffset: [0, -4],
        z: 5,
      }
  }
}

/** The axis must reach up to the limits, with room for their names; by itself it heeds only what happened. */
function room({ limits = [], isLog }: Plot): Record<string, unknown>[] {
  const near = limits.filter(({ isFar }) => !isFar)
  return near.map(({ value }) => ({
    type: 'line',
    silent: true,
    showSymbol: false,
    lineStyle: { width: 0 },
    data: [[0, value * (isLog ? 1 : 1.12)]],
  }))
}

/** Phases with faults are shaded, their edges drawn; moments of change are dotted, and limits stand as lines. */
function marks(plot: Plot, { phases, moments }: PlotData) {
  const limits = (plot.limits ?? []).filter(({ isFar }) => !isFar)
  return {
    markArea: {
      silent: true,
      itemStyle: { color: colour('shade') },
      data: phases.filter(({ faults }) => faults.length > 0).map(({ from, to }) => [{ xAxis: from }, { xAxis: to }]),
    },
    markLine: {
      silent: true,
      symbol: 'none',
      animation: false,
      data: [
        ...phases
          .slice(1)
          .map(({ from }) => ({ xAxis: from, label: { show: false }, lineStyle: { color: colour('line'), type: 'solid', width: 1 } })),
        ...moments.map(({ at }) => ({
          xAxis: at,
          label: { show: false },
          lineStyle: { color: colour('soft'), type: [2, 4], width: 1, opacity: 0.7 },
        })),
        ...limits.map(({ value, name }) => ({
          yAxis: value,
          lineStyle: { color: colour('limit'), type: 'dashed', width: 1.5 },
          label: {
            show: true,
            position: plot.isLog ? 'insideStartBottom' : 'insideStartTop',
            formatter: name,
            color: colour('limit'),
            fontSize: 12,
            textBorderColor: colour('card'),
            textBorderWidth: 3,
          },
        })),
      ],
    },
  }
}

interface Cell {
  value(dimension: number): number
}
interface Api extends Cell {
  coord(point: readonly number[]): [number, number]
}

function heatSeries({ traffic, axis }: PlotData): Record<string, unknown> {
  const cells: number[][] = []
  for (let i = 0; i + 2 < traffic.heat.length; i += 3) {
    const [stretch, row, count] = traffic.heat.slice(i, i + 3) as [number, number, number]
    cells.push([stretch * axis.step, HEAT_GROWTH ** row, HEAT_GROWTH ** (row + 1), count, (stretch + 1) * axis.step])
  }
  const highest = cells.reduce((high, cell) => Math.max(high, cell[3] as number), 1)
  const [low, high] = [colour('heat-low'), colour('heat-high')]
  return {
    type: 'custom',
    silent: true,
    clip: true,
    data: cells,
    encode: { x: [0, 4], y: [1, 2] },
    renderItem: (_: unknown, api: Api) => {
      const [x, bottom] = api.coord([api.value(0), api.value(1)])
      const [right, top] = api.coord([api.value(4), api.value(2)])
      // Few of many are to be seen, too.
      const weight = Math.log1p(api.value(3)) / Math.log1p(highest)
      return {
        type: 'rect',
        shape: { x, y: top, width: Math.max(1, right - x), height: Math.max(1, bottom - top) },
        style: { fill: mixed(low, high, weight) },
      }
    },
  }
}

/** @param low - as `#rrggbb` */
function mixed(low: string, high: string, share: number): string {
  const part = (hex: string, i: number) => Number.parseInt(hex.slice(1 + 2 * i, 3 + 2 * i), 16)
  const channels = [0, 1, 2].map((i) => Math.round(part(low, i) + (part(high, i) - part(low, i)) * (0.15 + 0.85 * share)))
  return `rgb(${channels.join(' ')})`
}
