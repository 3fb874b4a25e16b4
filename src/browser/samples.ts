import type { Bar, BarPart, PageData, Sample } from '../page/page-data.ts'
import { h } from './dom.ts'
import { count, time } from './words.ts'

const KINDS: Record<BarPart['kind'], string> = {
  whole: '',
  try: 'a try',
  backoff: 'back-off',
  pool: 'waits for a connection',
  fault: 'held by a fault',
  queue: 'in the queue of the upstream',
  work: 'the upstream works on it',
  refused: 'refused',
}
const idOf = (id: string) => `request-${id}`

/** Sample requests by how they ended, each of which opens as a waterfall. */
export function samples(data: PageData): HTMLElement | null {
  if (data.samples.length === 0) return null
  const counts = new Map(data.traffic.failures.map(({ cause, count }) => [cause, count]))
  const groups = [...Map.groupBy(data.samples, ({ cause }) => cause)]
  groups.sort(([a], [b]) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0))
  return h(
    'section',
    { 'aria-labelledby': 'samples' },
    h('h2', { id: 'samples' }, 'Requests in full'),
    ...groups.flatMap(([cause, all]) => [
      h('h3', { class: 'cause' }, `${counts.has(cause) ? `${count(counts.get(cause) ?? 0)} × ` : ''}${cause}`),
      ...all.map(oneSample),
    ]),
  )
}

/** Opens it and goes there. */
export function showSample(id: string): void {
  const element = document.getElementById(idOf(id))
  if (!(element instanceof HTMLDetailsElement)) return
  element.open = true
  element.scrollIntoView({ block: 'start' })
  element.querySelector('summary')?.focus({ preventScroll: true })
}

/** Its inside is made when it is opened. */
function oneSample(sample: Sample): HTMLElement {
  const details = h('details', { class: 'card sample', id: idOf(sample.id) }, h('summary', {}, sample.head))
  details.addEventListener('toggle', () => details.append(waterfall(sample), legend(sample), story(sample)), { once: true })
  return details
}

function waterfall({ bars }: Sample): HTMLElement {
  const edges = bars.flatMap(({ parts }) => parts.flatMap(({ from, to }) => [from, to]))
  const [first, last] = [Math.min(0, ...edges), Math.max(1, ...edges)]
  return h('div', { class: 'waterfall' }, ...bars.flatMap((bar) => lineOf(bar, first, last)))
}

function lineOf({ who, depth, parts, note }: Bar, first: number, last: number): HTMLElement[] {
  const place = (ms: number) => (100 * (ms - first)) / (last - first)
  const [whole] = parts
  const begin = whole === undefined ? 0 : place(whole.from)
  const track = h('div', { class: 'track' })
  for (const part of parts) {
    const bar = h('i', {
      class: `part-${part.bad && part.kind === 'try' ? 'bad' : part.kind}`,
      title: `${KINDS[part.kind]} ${time(part.to - part.from)}`,
    })
    bar.style.left = `${place(part.from)}%`
    if (part.kind !== 'refused') bar.style.width = `${place(part.to) - place(part.from)}%`
    track.append(bar)
  }
  const text = h('span', {}, whole === undefined ? note : `${note} (+${time(whole.from)} … +${time(whole.to)})`)
  // Words on the side where there is room for them.
  if (begin > 50) text.style.right = '0'
  else text.style.left = `${begin}%`
  track.append(text)
  return [h('div', { class: `who depth-${depth}` }, who), track]
}

function legend({ bars }: Sample): HTMLElement {
  const kinds = new Set(bars.flatMap(({ parts }) => parts.map(({ kind }) => kind)))
  const items = [...kinds].filter((kind) => KINDS[kind] !== '')
  return h('ul', { class: 'legend' }, ...items.map((kind) => h('li', {}, h('span', { class: `swatch part-${kind}` }), KINDS[kind])))
}

function story({ events }: Sample): HTMLElement {
  return h('dl', { class: 'story' }, ...events.flatMap(({ at, what }) => [h('dt', { class: 'mono' }, at), h('dd', {}, what)]))
}
