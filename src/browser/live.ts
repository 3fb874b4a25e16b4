import type { LiveData, LiveNow } from '../page/live-data.ts'
import { h } from './dom.ts'
import { Plots } from './plots.ts'
import { themeButton } from './theme.ts'
import { count, perSecond, share, time } from './words.ts'

const LOST = 'Nothing is heard of the run any more: it has ended, or was ended. Its report is in the folder that its terminal names.'

/** The page of a run that goes on: it is told of what happens, and becomes the report when there is one. */
export function live(first: LiveData): void {
  let data = first
  let plots: Plots | null = null
  const stage = h('strong', { class: 'stage' })
  const faults = h('p', { class: 'soft faults-on' })
  const tiles = h('dl', { class: 'card tiles' })
  const lost = h('p', { class: 'card lost', role: 'alert', hidden: '' })
  const course = h('div')
  const note =
    "Of what goes on the client's counts are told, and Envoy's at a look each 0.1 s. The report, which comes here by itself, goes by every request."
  document.body.append(
    h(
      'main',
      {},
      h(
        'header',
        {},
        h('div', { class: 'top' }, h('h1', {}, first.name), themeButton()),
        h('p', { class: 'verdict' }, h('span', { class: 'badge running' }, 'RUNNING'), stage),
        h('p', { class: 'soft' }, first.file),
        faults,
        lost,
        tiles,
        h('p', { class: 'soft' }, note),
      ),
      course,
    ),
  )

  const show = () => {
    document.title = `RUNNING ${data.name}`
    stage.textContent = stageText(data)
    faults.textContent = data.now.faults.length === 0 ? 'No faults are on.' : `Faults on: ${data.now.faults.join(', ')}`
    tiles.replaceChildren(...figures(data.now, data.noun).map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))))
    // Before the first stretch is over there is nothing to draw.
    if (data.traffic.offered.length === 0 || plots?.update(data)) return
    const shown = plots?.shown
    plots?.dispose()
    plots = new Plots(data)
    course.append(plots.element)
    plots.draw()
    if (shown !== undefined) plots.showAgain(shown)
  }

  const source = new EventSource('/events')
  source.addEventListener('message', ({ data: text }) => {
    lost.hidden = true
    data = JSON.parse(text) as LiveData
    if (data.id !== first.id) location.reload()
    else show()
  })
  source.addEventListener('over', () => {
    source.close()
    location.reload()
  })
  source.addEventListener('error', () => {
    lost.textContent = LOST
    lost.hidden = false
  })
  show()
}

function stageText({ now, phases }: LiveData): string {
  switch (now.stage) {
    case 'starting':
      return 'Envoy and the upstreams come up'
    case 'warm-up':
      return 'warm-up: nothing is counted yet'
    case 'judging':
      return 'the load is over; the evidence is judged'
    case 'load': {
      const left = now.phaseLeft === null ? '' : `, ${seconds(now.phaseLeft)} left`
      const run = now.runLeft === null || now.phase + 1 === phases.length ? '' : ` · run ${seconds(now.runLeft)} left`
      return `phase ${now.phase + 1}/${phases.length} ${phases[now.phase]?.name ?? ''}${left}${run}`
    }
  }
}

const seconds = (ms: number) => `${Math.ceil(ms / 1000)} s`

function figures(now: LiveNow, noun: string): [string, string][] {
  return [
    ['sent', `${count(now.sent)} ${noun}s`],
    ['ended', perSecond(now.rate)],
    ['failed', `${count(now.failed)} (${share(now.failed, now.ended)})`],
    ['failed now', now.errorShare === null ? '–' : share(now.errorShare, 1)],
    ['p99 now', time(now.p99)],
    ['in flight', count(now.inFlight)],
    ...now.breakers.map(({ cluster, limit, used, max }): [string, string] => [`${cluster} ${limit}`, `${count(used)} of ${count(max)}`]),
  ]
}
