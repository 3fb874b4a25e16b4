import { LatencyHistogram } from '../statistics/latency-histogram.ts'
import { type LogEntry, type Outcome, outcomeOf } from './entry.ts'
import { mostInFlight, TimeCounts } from './time-counts.ts'

/** By what requests are told apart. */
export const GROUPINGS = ['cluster', 'host', 'path', 'method', 'all'] as const
export type Grouping = (typeof GROUPINGS)[number]

/** More are put together: each takes some megabytes. */
const MOST_GROUPS = 40
export const THE_OTHERS = '(all others)'

/** What a log says of one cluster (or host, path, method), in memory that does not grow with its lines. */
export class Traffic {
  /** How long requests took that the upstream served, from their first byte to the last one of their answer. */
  readonly served = new LatencyHistogram()
  /** How long requests had taken when they were cut: they would have taken longer. */
  readonly cut = new LatencyHistogram()
  /** The same of single tries: a request that was tried several times lasted longer than each of them. */
  readonly servedTries = new LatencyHistogram()
  readonly cutTries = new LatencyHistogram()
  /** To the headers of the answer, by the upstream's own time. */
  readonly service = new LatencyHistogram()
  readonly outcomes: Record<Outcome, number> = { served: 0, cut: 0, left: 0, refused: 0, failed: 0, tunnel: 0 }
  /** Requests of which the log says that they were tried more than once. */
  retried = 0
  /** Whether each line said how often. */
  attemptsKnown = true
  readonly #starts = new TimeCounts(1)
  readonly #ends = new TimeCounts(1)
  readonly #seconds = new TimeCounts(1000)
  readonly #minutes = new TimeCounts(60_000)
  #from = Number.POSITIVE_INFINITY
  #to = Number.NEGATIVE_INFINITY
  #busyMs = 0
  #requests = 0

  add(entry: LogEntry): void {
    const { start, ms } = entry
    const outcome = outcomeOf(entry)
    this.outcomes[outcome]++
    const again = (entry.attempts ?? 1) > 1 || entry.flags.includes('URX')
    if (entry.attempts === undefined) this.attemptsKnown = false
    if (again) this.retried++
    if (outcome === 'served') {
      this.served.add(ms)
      ;(again ? this.cutTries : this.servedTries).add(ms)
      if (entry.serviceMs !== undefined) this.service.add(entry.serviceMs)
    } else if (outcome === 'cut' || outcome === 'left') {
      this.cut.add(ms)
      this.cutTries.add(ms)
    }
    this.#from = Math.min(this.#from, start)
    this.#to = Math.max(this.#to, start)
    this.#seconds.add(start)
    this.#minutes.add(start)
    this.#requests++
    // What never got to the upstream, and what is no request, takes none of its places.
    if (outcome === 'refused' || outcome === 'tunnel') return
    this.#busyMs += ms
    this.#starts.add(start)
    this.#ends.add(start + ms)
  }

  get requests(): number {
    return this.#requests
  }

  /** Arrivals and those at once. Rates are a second's; null where all began at one instant. */
  load() {
    const overMs = this.#to - this.#from
    const { low, high } = mostInFlight(this.#starts, this.#ends)
    return {
      fromMs: this.#from,
      toMs: this.#to,
      perSecond: overMs > 0 ? (this.#requests * 1000) / overMs : null,
      busiest: [this.#seconds, this.#minutes].map((counts) => ({ overMs: counts.widthMs, requests: counts.most })),
      /** By Little's law: the time that all of them took together, over the time that passed. */
      meanInFlight: overMs > 0 ? this.#busyMs / overMs : null,
      mostInFlight: { low, high },
    }
  }
}

/** Lines of a log, one by one, told apart by what they name. */
export class Survey {
  readonly groups = new Map<string, Traffic>()
  #by: Grouping | undefined

  /** @param by - undefined: by cluster where the first line names one, else by host */
  constructor(by?: Grouping) {
    this.#by = by
  }

  get by(): Grouping | undefined {
    return this.#by
  }

  add(entry: LogEntry): void {
    this.#by ??= entry.cluster === undefined ? 'host' : 'cluster'
    const name = nameIn(entry, this.#by)
    let traffic = this.groups.get(name)
    if (traffic === undefined) {
      const key = this.groups.size < MOST_GROUPS ? name : THE_OTHERS
      traffic = this.groups.get(key) ?? new Traffic()
      this.groups.set(key, traffic)
    }
    traffic.add(entry)
  }
}

function nameIn({ cluster, authority, path, method }: LogEntry, by: Grouping): string {
  switch (by) {
    case 'cluster':
      return cluster ?? '(no cluster)'
    case 'host':
      return authority ?? '(no host)'
    case 'path':
      // The first part: what comes behind it is mostly an id.
      return path === undefined ? '(no path)' : (/^\/[^/?#]*/.exec(path)?.[0] ?? path)
    case 'method':
      return method ?? '(no method)'
    case 'all':
      return 'all requests'
  }
}
