import type { PageClaim, PageData } from '../page/page-data.ts'
import { h } from './dom.ts'
import { count } from './words.ts'

export interface Links {
  /** Shows a stretch of the run in all plots, and goes there. */
  showWindow(from: number, to: number): void
  showSample(id: string): void
}

const WORDS = { pass: 'pass', fail: 'fail', inconclusive: 'inconclusive' } as const
const CLASSES = { pass: '', fail: 'failed', inconclusive: 'open' } as const

/** What did not hold comes first, each with what shows it; what held is a table. */
export function claims(data: PageData, links: Links): HTMLElement {
  const missed = (['fail', 'inconclusive'] as const).flatMap((status) => data.claims.filter((claim) => claim.status === status))
  const passed = data.claims.filter(({ status }) => status === 'pass')
  return h(
    'section',
    { 'aria-labelledby': 'claims' },
    h('h2', { id: 'claims' }, 'What was claimed'),
    missed.length === 0 ? null : h('ul', { class: 'claims' }, ...missed.map((claim) => missedClaim(claim, data, links))),
    passed.length === 0 ? null : passedTable(passed, links),
  )
}

function missedClaim(claim: PageClaim, { file, samples }: PageData, links: Links): HTMLElement {
  const known = new Set(samples.map(({ id }) => id))
  const shown = claim.examples.filter((id) => known.has(id))
  return h(
    'li',
    { class: `card claim ${CLASSES[claim.status]}` },
    h(
      'div',
      { class: 'claim-head' },
      h('span', { class: `badge ${claim.status}` }, WORDS[claim.status]),
      h('h3', {}, titleOf(claim)),
      h('span', { class: 'soft mono' }, `${file}:${claim.line}`),
    ),
    figures(claim),
    claim.why === null ? null : h('p', {}, claim.why),
    h(
      'div',
      { class: 'buttons' },
      h('button', { type: 'button', click: () => links.showWindow(claim.from, claim.to) }, 'Show its time in the plots'),
      ...shown.map((id) => h('button', { type: 'button', click: () => links.showSample(id) }, `Request ${id}`)),
    ),
  )
}

function figures({ asked, seen, interval, samples }: PageClaim): HTMLElement {
  const pair = (name: string, value: string) => h('div', {}, h('dt', {}, name), h('dd', {}, value))
  return h(
    'dl',
    { class: 'figures' },
    pair('asked', asked),
    pair('seen', seen ?? 'no data'),
    ...(interval === null ? [] : [pair('95 % interval', interval)]),
    pair('of', count(samples)),
  )
}

function passedTable(passed: readonly PageClaim[], links: Links): HTMLElement {
  const rows = passed.map((claim) =>
    h(
      'tr',
      {},
      h('td', {}, h('span', { class: 'badge pass' }, 'pass')),
      h('td', {}, h('button', { type: 'button', click: () => links.showWindow(claim.from, claim.to) }, titleOf(claim))),
      ...[claim.asked, claim.seen ?? 'no data', claim.interval ?? ''].map((text) => h('td', {}, text)),
      h('td', { class: 'number' }, count(claim.samples)),
    ),
  )
  const heads = ['', 'claim', 'asked', 'seen', '95 % interval'].map((text) => h('th', { scope: 'col' }, text))
  return h(
    'div',
    { class: 'card scroll passed', tabindex: '0', role: 'region', 'aria-label': 'Claims that hold' },
    h('table', {}, h('thead', {}, h('tr', {}, ...heads, h('th', { scope: 'col', class: 'number' }, 'of'))), h('tbody', {}, ...rows)),
  )
}

const titleOf = ({ title, metric }: PageClaim) => (title.endsWith(metric) ? title : `${title} · ${metric}`)
