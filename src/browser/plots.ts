import { connect, type ECharts } from 'echarts/core'
import type { PlotData } from '../page/live-data.ts'
import { h } from './dom.ts'
import { draw, drawRail, railPoints, seriesOf } from './draw.ts'
import { levelPlots } from './level-plots.ts'
import type { Line, Plot } from './plot.ts'
import { onTheme } from './theme.ts'
import { trafficPlots } from './traffic-plots.ts'
import { moment, time } from './words.ts'

const GROUP = 'run'

interface Drawn {
  place: HTMLElement
  make(): ECharts
  chart: ECharts | null
  /** Takes up other data. */
  take(): void
  /** Tells the values of a stretch; null: of the whole run. */
  tell(stretch: number | null): void
}

interface Section {
  name: string | null
  plots: Plot[]
  unused: string[]
}

const sectionsOf = (data: PlotData): Section[] => [{ name: null, plots: trafficPlots(data), unused: [] }, ...levelPlots(data)]
/** What a change of makes other plots, and not only other values in them. */
const shapeOf = (sections: readonly Section[]) =>
  JSON.stringify(
    sections.map(({ name, plots, unused }) => [
      name,
      unused.length,
      plots.map(({ title, lines, limits }) => [title, lines.map((line) => line.name), limits]),
    ]),
  )

/** All plots of a run, which share their zoom and the time under the pointer. */
export class Plots {
  readonly element: HTMLElement
  #data: PlotData
  #sections: readonly Section[]
  readonly #shape: string
  readonly #over = new AbortController()
  #told: number | null = null
  readonly #all: Drawn[] = []
  readonly #now = h('div', { class: 'now', 'aria-live': 'polite' })
  readonly #buttons: { button: HTMLElement; from: number; to: number }[] = []
  #window: [number, number]
  #width = 0

  constructor(data: PlotData) {
    this.#data = data
    this.#window = this.#whole
    this.#sections = sectionsOf(data)
    this.#shape = shapeOf(this.#sections)
    this.element = h(
      'section',
      { 'aria-labelledby': 'plots' },
      h('h2', { id: 'plots' }, 'Over the time of the run'),
      this.#rail(),
      ...this.#sections.flatMap(({ name, plots, unused }, section) => [
        name === null ? null : h('h2', {}, `Limits and load of ${name}`),
        ...plots.map((plot, place) => this.#figure(plot, () => this.#sections[section]?.plots[place] as Plot)),
        unused.length === 0 ? null : h('p', { class: 'soft' }, `Hardly used: ${unused.join('; ')}.`),
      ]),
    )
  }

  /** Once the element stands in the page. */
  draw(): void {
    this.#redraw()
    const { signal } = this.#over
    signal.addEventListener(
      'abort',
      onTheme(() => this.#redraw()),
    )
    addEventListener('resize', () => this.#resize(), { signal })
  }

  /** Draws other data in the same plots. @returns false where it makes other plots, so that these do not do */
  update(data: PlotData): boolean {
    const sections = sectionsOf(data)
    if (shapeOf(sections) !== this.#shape) return false
    this.#data = data
    this.#sections = sections
    for (const { take } of this.#all) take()
    this.#tell(this.#told)
    return true
  }

  /** What of the time is shown. */
  get shown(): readonly [number, number] {
    return this.#window
  }

  showAgain([from, to]: readonly [number, number]): void {
    this.#zoom(from, to)
  }

  dispose(): void {
    this.#over.abort()
    for (const { chart } of this.#all) chart?.dispose()
    this.element.remove()
  }

  showWindow(from: number, to: number): void {
    this.#zoom(from, to)
    this.element.scrollIntoView({ block: 'start' })
  }

  get #whole(): [number, number] {
    return [0, this.#data.axis.count * this.#data.axis.step]
  }

  #zoom(from: number, to: number): void {
    this.#all[0]?.chart?.dispatchAction({ type: 'dataZoom', startValue: from, endValue: to })
  }

  #rail(): HTMLElement {
    const place = h('div', { class: 'plot slider', 'aria-hidden': 'true' })
    const drawn: Drawn = {
      place,
      make: () => drawRail(place, this.#data),
      chart: null,
      take: () => drawn.chart?.setOption({ series: [{ data: railPoints(this.#data) }] }),
      tell: (stretch) => this.#tellTime(stretch),
    }
    this.#all.push(drawn)
    const [from, to] = this.#whole
    const button = (name: string, from: number, to: number, kind: string) => {
      const made = h('button', { type: 'button', class: kind, 'aria-pressed': 'false', click: () => this.#zoom(from, to) }, name)
      this.#buttons.push({ button: made, from, to })
      return made
    }
    return h(
      'div',
      { class: 'rail' },
      h(
        'div',
        { class: 'buttons', role: 'group', 'aria-label': 'Zoom all plots to' },
        button('whole run', from, to, ''),
        ...this.#data.phases.map((phase) => button(phase.name, phase.from, phase.to, phase.faults.length > 0 ? 'faulty' : '')),
      ),
      place,
      this.#now,
    )
  }

  /** @param now - the same plot with the data as they are then */
  #figure(plot: Plot, now: () => Plot): HTMLElement {
    const place = h('div', { class: plot.tall ? 'plot tall' : 'plot', role: 'img', 'aria-label': spoken(plot) })
    const { list, tell } = legend(plot)
    const drawn: Drawn = {
      place,
      make: () => draw(place, now(), this.#data),
      chart: null,
      take() {
        place.setAttribute('aria-label', spoken(now()))
        drawn.chart?.setOption({ series: series() })
      },
      tell: (stretch) => tell(now(), stretch),
    }
    const series = () => seriesOf(now(), this.#data)
    this.#all.push(drawn)
    return h(
      'figure',
      { class: 'card' },
      h('figcaption', {}, h('h3', {}, plot.title), h('span', { class: 'soft' }, plot.about)),
      list,
      place,
    )
  }

  #redraw(): void {
    this.#width = document.documentElement.clientWidth
    const [from, to] = this.#window
    for (const drawn of this.#all) {
      drawn.chart?.dispose()
      const chart = drawn.make()
      drawn.chart = chart
      chart.group = GROUP
      chart.on('updateAxisPointer', (event) => this.#point(event as { axesInfo?: readonly { value: number }[] }))
      chart.getZr().on('globalout', () => this.#tell(null))
    }
    this.#all[0]?.chart?.on('datazoom', () => this.#noteZoom())
    connect(GROUP)
    this.#zoom(from, to)
    this.#noteZoom()
    this.#tell(null)
  }

  #resize(): void {
    // The bars of a phone's browser come and go without a change of width.
    if (this.#width === document.documentElement.clientWidth) return
    this.#width = document.documentElement.clientWidth
    for (const { chart } of this.#all) chart?.resize()
  }

  #noteZoom(): void {
    const shown = this.#all[0]?.chart?.getOption() as { dataZoom?: { startValue?: number; endValue?: number }[] } | undefined
    const [whole, end] = this.#whole
    const { startValue = whole, endValue = end } = shown?.dataZoom?.[0] ?? {}
    this.#window = [startValue, endValue]
    const { step } = this.#data.axis
    for (const { button, from, to } of this.#buttons) {
      const isShown = Math.abs(from - startValue) < step && Math.abs(to - endValue) < step
      button.setAttribute('aria-pressed', String(isShown))
    }
  }

  #point({ axesInfo }: { axesInfo?: readonly { value: number }[] }): void {
    const ms = axesInfo?.[0]?.value
    const { step, count } = this.#data.axis
    if (ms !== undefined) this.#tell(Math.min(count - 1, Math.max(0, Math.floor(ms / step))))
  }

  #tell(stretch: number | null): void {
    this.#told = stretch
    for (const { tell } of this.#all) tell(stretch)
  }

  #tellTime(stretch: number | null): void {
    const { axis, phases, moments } = this.#data
    if (stretch === null) {
      this.#now.textContent = `Each step is ${time(axis.step)}. Shaded: faults are on. Dotted: a moment of change. Drag the slider, or choose a phase, to zoom.`
      return
    }
    const at = stretch * axis.step
    const phase = phases.find(({ from, to }) => at + axis.step / 2 >= from && at + axis.step / 2 < to)
    const faults = phase === undefined || phase.faults.length === 0 ? '' : `: ${phase.faults.join(', ')}`
    // A line is thin: the stretches beside its own tell of it, too.
    const near = moments.filter((one) => Math.abs(Math.floor(one.at / axis.step) - stretch) <= 1)
    const changes = near.map((one) => ` · ${moment(one.at)} ${one.what}`).join('')
    this.#now.textContent = `${moment(at)} … ${moment(at + axis.step)}${phase === undefined ? '' : ` · ${phase.name}${faults}`}${changes}`
  }
}

/** Names, and values: of the whole run, or of the stretch under the pointer. */
function legend({ lines, limits = [] }: Plot): { list: HTMLElement; tell(plot: Plot, stretch: number | null): void } {
  // A long name may take several lines: the value goes first.
  const isLong = lines.some(({ name }) => name.length > 40)
  const items = lines.map((line) => {
    const value = h('b', {}, line.overall)
    return {
      line,
      value,
      item: h('li', {}, swatch(line.colour, line.form === 'faint' ? 'pale' : ''), ...(isLong ? [value, line.name] : [line.name, value])),
    }
  })
  const far = limits.map(({ name, isFar }) => h('li', {}, swatch('limit', 'dashed'), isFar ? `${name}, far above` : name))
  return {
    list: h('ul', { class: isLong ? 'legend long' : 'legend' }, ...items.map(({ item }) => item), ...far),
    tell: (plot, stretch) => {
      for (const [i, { value }] of items.entries()) {
        const line = plot.lines[i] as Line
        value.textContent = stretch === null ? line.overall : valueAt(line, stretch)
      }
    },
  }
}

function valueAt({ values, show }: Line, stretch: number): string {
  const value = values[stretch] ?? null
  return value === null ? '–' : show(value)
}

function swatch(name: string, kind = ''): HTMLElement {
  const made = h('span', { class: `swatch ${kind}`, 'aria-hidden': 'true' })
  made.style.borderColor = `var(--${name})`
  if (kind !== 'dashed') made.style.background = `var(--${name})`
  return made
}

/** What a plot says to who cannot see it. */
const spoken = ({ title, about, lines, limits = [] }: Plot) =>
  [
    `${title}: ${about}`,
    ...lines.filter(({ overall }) => overall !== '').map(({ name, overall }) => `${name} ${overall}`),
    ...limits.map(({ name }) => name),
  ].join('; ')
