import type { PageData } from '../page/page-data.ts'
import { h } from './dom.ts'
import { themeButton } from './theme.ts'

/** The verdict, and what happened in words: what is read first. */
export function head(data: PageData): HTMLElement {
  const sentences = data.happened.map((sentence) => h('li', {}, sentence))
  const notes = [...(data.ended === null ? [] : [data.ended]), ...data.unsound].map((text) => h('li', {}, text))
  return h(
    'header',
    {},
    h('div', { class: 'top' }, h('h1', {}, data.name), themeButton()),
    h('p', { class: 'verdict' }, h('span', { class: `badge ${data.status}` }, data.status.toUpperCase()), h('strong', {}, data.counted)),
    data.description === null ? null : h('p', { class: 'soft' }, data.description),
    h('p', { class: 'soft' }, [data.file, ...data.made].join(' · ')),
    notes.length === 0
      ? null
      : h('section', { class: 'card happened' }, h('h2', { class: 'hidden' }, 'How it ended'), h('ul', {}, ...notes)),
    sentences.length === 0 ? null : h('section', { class: 'card happened' }, h('h3', {}, 'What happened'), h('ul', {}, ...sentences)),
  )
}

/** The command to repeat the run, and what else is good to know. */
export function foot({ command, warnings }: PageData): HTMLElement {
  const copy = h('button', { type: 'button', click: () => void navigator.clipboard?.writeText(command) }, 'Copy')
  return h(
    'section',
    { 'aria-labelledby': 'again' },
    h('h2', { id: 'again' }, 'Run it again'),
    h('div', { class: 'card command' }, h('code', {}, command), copy),
    warnings.length === 0 ? null : h('h2', {}, 'Good to know'),
    warnings.length === 0 ? null : h('ul', { class: 'notes' }, ...warnings.map((text) => h('li', {}, text))),
  )
}
