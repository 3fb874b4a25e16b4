import type { PageData, PageStat } from '../page/page-data.ts'
import { h } from './dom.ts'
import { count } from './words.ts'

/** Envoy's own counters: the few that tell something, explained, and all of them to be searched. */
export function stats(data: PageData): HTMLElement | null {
  if (data.stats.length === 0) return null
  const telling = data.stats.filter(({ isTelling }) => isTelling)
  return h(
    'section',
    { 'aria-labelledby': 'stats' },
    h('h2', { id: 'stats' }, 'What Envoy counted'),
    h(
      'p',
      { class: 'soft' },
      'By phase: what it gained while that went on, whichever phase a request was due in. In all: since Envoy started.',
    ),
    telling.length === 0 ? null : table('Counters that tell what policy and faults did', telling, data),
    search(data),
  )
}

function table(label: string, shown: readonly PageStat[], { phases }: PageData): HTMLElement {
  const number = (text: string) => h('th', { scope: 'col', class: 'number' }, text)
  return h(
    'div',
    { class: 'card scroll', tabindex: '0', role: 'region', 'aria-label': label },
    h(
      'table',
      { class: 'stats' },
      h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'counter'), number('in all'), ...phases.map(({ name }) => number(name)))),
      h('tbody', {}, ...shown.map(row)),
    ),
  )
}

const row = ({ name, meaning, link, total, phases }: PageStat) =>
  h(
    'tr',
    {},
    h(
      'th',
      { scope: 'row' },
      h('a', { href: link, target: '_blank', rel: 'noreferrer', class: 'mono' }, name),
      meaning === null ? null : h('div', { class: 'soft' }, meaning),
    ),
    ...[total, ...phases].map((value) => h('td', { class: value === 0 ? 'number soft' : 'number' }, count(value))),
  )

/** Its inside is made when it is opened. */
function search(data: PageData): HTMLElement {
  const all = data.stats
  const details = h(
    'details',
    { class: 'card counters' },
    h('summary', {}, `Search all ${count(all.length)} counters that gained anything`),
  )
  details.addEventListener('toggle', () => details.append(...searchable(data)), { once: true })
  return details
}

function searchable(data: PageData): HTMLElement[] {
  const found = h('p', { class: 'soft', role: 'status' })
  const place = h('div', {})
  const show = (asked: string) => {
    const words = asked.toLowerCase().split(/\s+/)
    const shown = data.stats.filter(({ name, meaning }) => words.every((word) => `${name} ${meaning ?? ''}`.toLowerCase().includes(word)))
    found.textContent = `${count(shown.length)} of ${count(data.stats.length)}`
    place.replaceChildren(...(shown.length === 0 ? [] : [table('Counters that were found', shown, data)]))
  }
  const field = h('input', {
    type: 'search',
    id: 'counter',
    placeholder: 'retry, overflow, 5xx …',
    input: (event) => show((event.target as HTMLInputElement).value),
  })
  show('')
  return [h('label', { for: 'counter' }, 'Part of a name or of its meaning'), field, found, place]
}
