import type { PageData } from '../page/page-data.ts'
import type { Links } from './claims.ts'
import { h } from './dom.ts'
import { count, moment, rough, share, time } from './words.ts'

/** What each phase came to: the plots in numbers. */
export function phases({ phases: all, noun }: PageData, links: Links): HTMLElement | null {
  if (all.length === 0) return null
  const names = [`${noun}s`, 'success', 'p50', 'p99', 'attempts each', 'refused', 'retries suppressed']
  const rows = all.map((phase) =>
    h(
      'tr',
      {},
      h('td', {}, h('button', { type: 'button', click: () => links.showWindow(phase.from, phase.to) }, phase.name)),
      h('td', { class: 'faults' }, phase.faults.length === 0 ? 'none' : phase.faults.join(', ')),
      ...[
        count(phase.requests),
        share(phase.successes, phase.requests),
        time(phase.p50),
        time(phase.p99),
        phase.requests === 0 ? '–' : rough(phase.attempts / phase.requests),
        count(phase.refused),
        count(phase.suppressed),
      ].map((text) => h('td', { class: 'number' }, text)),
    ),
  )
  return h(
    'section',
    { 'aria-labelledby': 'phases' },
    h('h2', { id: 'phases' }, 'Phase by phase'),
    h(
      'div',
      { class: 'card scroll', tabindex: '0', role: 'region', 'aria-label': 'Figures of each phase' },
      h(
        'table',
        {},
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            h('th', { scope: 'col' }, 'phase'),
            h('th', { scope: 'col' }, 'faults'),
            ...names.map((text) => h('th', { scope: 'col', class: 'number' }, text)),
          ),
        ),
        h('tbody', {}, ...rows),
      ),
    ),
  )
}

/** When each limit first acted. */
export function moments({ moments: all }: PageData, links: Links): HTMLElement | null {
  if (all.length === 0) return null
  return h(
    'section',
    { 'aria-labelledby': 'moments' },
    h('h2', { id: 'moments' }, 'Moments of change'),
    h(
      'ul',
      { class: 'card moments' },
      ...all.map(({ at, what }) =>
        h('li', {}, h('button', { type: 'button', click: () => links.showWindow(Math.max(0, at - 500), at + 1500) }, moment(at)), what),
      ),
    ),
  )
}
