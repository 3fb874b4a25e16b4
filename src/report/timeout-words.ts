import type { Records } from '../observe/records.ts'
import { timeoutValue } from '../scenario/policy.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { endsRequest, placeOfTimeout, type Routed, sightOf, type Timeout } from '../scenario/timeouts.ts'
import { formatMs } from '../units.ts'
import { plural } from '../value/show.ts'
import type { FinishedRun } from './finished-run.ts'

const MOST_LIMITS = 8

/** Which limits of time cut something, the busiest first: each with its place in the scenario, and whether it sees the response. */
export function timeoutSentences({ observations, scenario }: FinishedRun): string[] {
  const cuts = cutsByPlace(observations?.records ?? [])
  const shown = cuts.slice(0, MOST_LIMITS).map(({ place, by, at, count }) => {
    const [did, what] = endsRequest(by) ? ['ended', 'request'] : ['cut', 'attempt']
    return `${place}${spelt(scenario, by, at)} ${did} ${plural(count, what)}; ${sightOf(by)}`
  })
  return cuts.length > MOST_LIMITS ? [...shown, `… ${plural(cuts.length - MOST_LIMITS, 'more limit')}, see requests.ndjson`] : shown
}

interface Cuts {
  place: string
  by: Timeout
  at: Routed
  count: number
}

function cutsByPlace(records: Records): Cuts[] {
  const found = new Map<string, Cuts>()
  const add = (by: Timeout, at: Routed) => {
    const place = placeOfTimeout(by, at)
    const known = found.get(place)
    if (known === undefined) found.set(place, { place, by, at, count: 1 })
    else known.count++
  }
  for (const { calls } of records)
    for (const { egress, attempts } of calls) {
      if (egress.cutBy !== null) add(egress.cutBy, egress)
      // What ends the whole request is counted there, not at the try that was in flight.
      for (const { cutBy } of attempts) if (cutBy !== null && !endsRequest(cutBy)) add(cutBy, egress)
    }
  return [...found.values()].sort((a, b) => b.count - a.count)
}

function spelt(scenario: Scenario, by: Timeout, at: Routed): string {
  const value = timeoutValue(scenario, by, at)
  return value === undefined ? '' : ` (${formatMs(value.ms)}${value.isDefault ? ', the default' : ''})`
}
