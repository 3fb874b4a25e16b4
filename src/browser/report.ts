import type { PageData } from '../page/page-data.ts'
import { claims } from './claims.ts'
import { h } from './dom.ts'
import { foot, head } from './head.ts'
import { moments, phases } from './phases.ts'
import { Plots } from './plots.ts'
import { samples, showSample } from './samples.ts'
import { stats } from './stats.ts'

/** The page of a run that is over. */
export function report(data: PageData): void {
  document.title = `${data.status.toUpperCase()} ${data.name}`
  const plots = data.axis.count === 0 ? null : new Plots(data)
  const links = { showWindow: (from: number, to: number) => plots?.showWindow(from, to), showSample }
  const parts = [
    head(data),
    claims(data, links),
    phases(data, links),
    plots?.element ?? null,
    moments(data, links),
    samples(data),
    stats(data),
    foot(data),
  ]
  document.body.append(h('main', {}, ...parts))
  plots?.draw()
}
