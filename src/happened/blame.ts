import { attemptsOf, type RequestRecord } from '../observe/record.ts'
import { countSpare } from '../observe/spare.ts'
import { culpritOf, type Deed, type Surroundings } from './culprit.ts'
import { type Missed, missedClaims } from './missed.ts'
import type { Seen } from './sentence.ts'
import type { Setting } from './setting.ts'
import { Streaks } from './streaks.ts'
import type { AllTraffic } from './traffic.ts'
import { Unreached } from './unreached.ts'

/** A setting with what it did to how many requests. */
export interface Blame {
  deed: Deed | 'unreached'
  setting: Setting
  cluster: string
  /** Requests that it made bad. */
  count: number
  /** Requests that the claims in question are about. */
  of: number
  /** Indices of the phases of those requests. */
  phases: ReadonlySet<number>
  /** Ms after the start of the load: the first of them was due, the last was over. */
  from: number
  to: number
  /** Ms; the longest wait. */
  waited: number
  /** One of them. */
  example: RequestRecord | null
}

/** Less than this share of what made a claim fail is not what it failed by. */
const LEAST_SHARE = 1 / 3

/** The settings that missed claims lead to, by what happened to the requests they failed by; the one with most requests first. */
export function blamed(seen: Seen, traffic: AllTraffic): Blame[] {
  const missed = missedClaims(seen).map((claim) => new Trial(claim, seen))
  if (missed.length === 0) return []
  const around: Surroundings = { seen, traffic, streaks: new Streaks(seen), spare: countSpare(seen) }
  for (const record of seen.observations.records) {
    for (const call of record.calls) around.streaks.add(call)
    if (!record.stray) for (const trial of missed) trial.hear(record, around)
  }
  return merged(missed.flatMap((trial) => trial.verdict()))
}

/** Of several claims that one setting made fail, that with most requests tells most of it; what it did says more than what it did not. */
function merged(blames: readonly Blame[]): Blame[] {
  const bySetting = [...Map.groupBy(blames, ({ setting }) => setting.place).values()]
  return bySetting
    .map((own) => {
      const [most] = own.toSorted((a, b) => rank(a) - rank(b) || b.count - a.count) as [Blame]
      return { ...most, phases: new Set(own.flatMap(({ phases }) => [...phases])), ...reach(own) }
    })
    .sort((a, b) => b.count - a.count)
}

const rank = ({ deed }: Blame) => Number(deed === 'unreached')

const reach = (blames: readonly Blame[]) => ({
  from: Math.min(...blames.map(({ from }) => from)),
  to: Math.max(...blames.map(({ to }) => to)),
})

/** What a missed claim failed by, request by request. */
class Trial {
  readonly #missed: Missed
  readonly #unreached: Unreached | null
  readonly #blames = new Map<string, Blame & { phases: Set<number> }>()
  #about: { count: number; from: number; to: number; phases: Set<number> } = {
    count: 0,
    from: Number.POSITIVE_INFINITY,
    to: 0,
    phases: new Set(),
  }
  #bad = 0

  constructor(missed: Missed, { scenario }: Seen) {
    this.#missed = missed
    this.#unreached = missed.idle === null ? null : new Unreached(missed.idle, scenario)
  }

  hear(record: RequestRecord, around: Surroundings): void {
    const { isAbout, isBad, patience } = this.#missed
    if (!isAbout(record)) return
    const to = endOf(record)
    this.#about.count++
    this.#about.from = Math.min(this.#about.from, record.due)
    this.#about.to = Math.max(this.#about.to, to)
    this.#about.phases.add(record.phase)
    this.#unreached?.add(record)
    if (!isBad(record)) return
    this.#bad++
    const culprit = culpritOf(record, patience, around)
    if (culprit === null) return
    const { deed, setting, cluster, waited } = culprit
    const key = `${deed} ${setting.place}`
    const known = this.#blames.get(key) ?? {
      ...{ deed, setting, cluster, count: 0, of: 0, waited: 0, example: record },
      ...{ phases: new Set<number>(), from: record.due, to: 0 },
    }
    this.#blames.set(key, known)
    known.count++
    known.phases.add(record.phase)
    known.to = Math.max(known.to, to)
    known.waited = Math.max(known.waited, waited)
  }

  verdict(): Blame[] {
    const { count, from, to, phases } = this.#about
    const found = [...this.#blames.values()].filter((blame) => blame.count >= this.#bad * LEAST_SHARE)
    const unreached = this.#unreached?.setting()
    if (unreached != null) return [{ deed: 'unreached', ...unreached, count, of: count, phases, from, to, example: null }]
    return found.map((blame) => ({ ...blame, of: count }))
  }
}

/** What never ended in the eyes of the client ended with its last attempt. */
const endOf = (record: RequestRecord) =>
  record.end ?? Math.max(record.sent, ...attemptsOf(record).map(({ start, durationMs }) => start + durationMs))
