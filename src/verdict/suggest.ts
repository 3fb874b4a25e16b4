import type { Plan } from '../plan/plan.ts'
import { shareInterval } from '../statistics/share.ts'
import { formatMs, trim } from '../units.ts'
import type { Claim } from './claim.ts'
import type { PlannedSelection } from './planned.ts'

/** What to change so that a claim can be decided: the length that gives the needed number at the planned rate, or a weaker claim. */
export function suggest(claim: Claim, selected: PlannedSelection, needed: number, { load }: Plan): string {
  const { phase, settle } = claim.expectation
  const factor = needed / selected.count
  // Whole seconds, since a phase of 19.19s is nothing a person writes; with a spare request for where the phase begins.
  const length = Math.ceil(((needed + 1) / selected.count) * (selected.span / 1000) + (2 * (settle ?? 0)) / 1000) * 1000
  const longer =
    phase === undefined ? `make the phases ${trim(Math.ceil(factor * 10) / 10, 1)} times as long` : `make it ${formatMs(length)} long`
  const weaker = attainable(claim, selected.count)
  const more = load.kind === 'runs' ? `raise app.times to ${Math.ceil(load.times * factor)}` : `${longer}, raise load.rate`
  return `${more}, or ${weaker === undefined ? 'leave this claim out' : `ask for ${weaker}`}`
}

/** The strictest claim of its kind that so many requests can show, in tenths of a percent. */
function attainable(claim: Claim, count: number): string | undefined {
  if (claim.family !== 'share') return undefined
  const { op } = claim.condition
  if (op === '>=' || op === '>') return `${op} ${trim(Math.floor(shareInterval(count, count).low * 1000 - 1e-9) / 10, 1)}%`
  if (op === '<=' || op === '<') return `${op} ${trim(Math.ceil(shareInterval(0, count).high * 1000 + 1e-9) / 10, 1)}%`
  return undefined
}
