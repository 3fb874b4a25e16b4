/**
 * What `report.html` shows: one small product, which the page holds as JSON. Times are ms after the start of the load.
 * Rows over time have a number for each stretch of the axis; they do not grow with the number of requests.
 */
export interface PageData {
  name: string
  description: string | null
  /** Of the scenario. */
  file: string
  status: 'pass' | 'fail' | 'inconclusive' | 'error' | 'interrupted'
  /** `2 failed, 5 passed`. */
  counted: string
  /** Why the run did not go its whole way; null where it did. */
  ended: string | null
  /** What makes the evidence unsound, in sentences. */
  unsound: readonly string[]
  warnings: readonly string[]
  /** What happened, in sentences, the most telling first. */
  happened: readonly string[]
  claims: readonly PageClaim[]
  /** What repeats the run, for a shell. */
  command: string
  /** What it was made by and with: `seed 1`, `Envoy 1.40.0`. */
  made: readonly string[]
  noun: 'request' | 'run'
  /** From the due time on, in ms. */
  deadline: number
  axis: Axis
  phases: readonly PagePhase[]
  moments: readonly Moment[]
  traffic: Traffic
  clusters: readonly PageCluster[]
  samples: readonly Sample[]
  /** Envoy's counters that gained anything, those that tell of policy and faults first. */
  stats: readonly PageStat[]
}

export interface PageStat {
  /** `cluster.inventory.upstream_rq_retry` */
  name: string
  /** What it counts, in a few words; null where its name and Envoy's page have to do. */
  meaning: string | null
  /** Whether it tells what policy and faults did. */
  isTelling: boolean
  /** The page of Envoy's documentation that defines it. */
  link: string
  total: number
  /** Same order as `PageData.phases`. */
  phases: readonly number[]
}

/** `count` stretches of `step` ms from the start of the load on. */
export interface Axis {
  step: number
  count: number
}

export interface PageClaim {
  title: string
  metric: string
  phase: string | null
  asked: string
  seen: string | null
  interval: string | null
  samples: number
  status: 'pass' | 'fail' | 'inconclusive'
  why: string | null
  line: number
  /** What it is about. */
  from: number
  to: number
  /** Ids among `PageData.samples`. */
  examples: readonly string[]
}

export interface PagePhase {
  name: string
  from: number
  to: number
  /** `10% delay 400ms on inventory` */
  faults: readonly string[]
  requests: number
  successes: number
  p50: number | null
  p99: number | null
  attempts: number
  refused: number
  suppressed: number
}

/** When something happened for the first time in a phase. */
export interface Moment {
  at: number
  what: string
}

export interface Traffic {
  /** Requests that were due. */
  offered: readonly number[]
  /** Successes, by when they were answered. */
  served: readonly number[]
  /** Requests that were no success, by when that was known; the most frequent cause first. */
  failures: readonly { cause: string; count: number; at: readonly number[] }[]
  /** In ms from the due time, of what was due then and was answered; null where nothing was. */
  latency: { p50: readonly (number | null)[]; p90: readonly (number | null)[]; p99: readonly (number | null)[] }
  /** How many requests took how long: `[stretch, row, count, …]`. Row `r` is from `GROWTH ** r` ms on. */
  heat: readonly number[]
  /** Of the requests that were due then, whenever they were made. */
  attempts: readonly number[]
  /** Attempts, by when they began. */
  firstTries: readonly number[]
  retries: readonly number[]
}

/** Each row of the heat map ends so many times above its start: eight make a decade. */
export const HEAT_GROWTH = 10 ** (1 / 8)

export interface PageCluster {
  name: string
  levels: readonly Level[]
}

/** How much of something there was at once. */
export interface Level {
  of: 'inFlight' | 'pending' | 'retrying' | 'busy' | 'queued' | 'ejected'
  /** The most at any instant of each stretch. */
  peak: readonly number[]
  /** On average over it. */
  mean: readonly number[]
  limits: readonly { name: string; value: number; isDefault: boolean }[]
  /** Of retries that a share of all requests limits, and no number: `budget_percent: 20`. */
  budget?: string
  /** How often a limit refused something; empty where none can. */
  refused: readonly number[]
}

/** One request in full. */
export interface Sample {
  id: string
  /** `GET /items/42, due at 3.030 s: 504 after 254 ms` */
  head: string
  cause: string
  due: number
  success: boolean
  bars: readonly Bar[]
  events: readonly { at: string; what: string }[]
}

/** A line of the waterfall: from when to when somebody was busy with the request, in ms after it was due. */
export interface Bar {
  who: string
  /** Of tries, one step further in. */
  depth: number
  parts: readonly BarPart[]
  note: string
}

export interface BarPart {
  kind: 'whole' | 'try' | 'backoff' | 'pool' | 'fault' | 'queue' | 'work' | 'refused'
  from: number
  to: number
  /** It ended badly. */
  bad: boolean
}
