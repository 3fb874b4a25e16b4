import { duration } from '../value/scalar.ts'
import type { Finding } from './finding.ts'
import { DEFAULT_RUN_WITHIN } from './limits.ts'

/**
 * An app that is run to its end needs no load: each run is a request to whatever starts it, and each phase has so many
 * of them. What a scenario would otherwise have to say of that is filled in here, before the schema reads it.
 */
export function filledIn(value: unknown): { value: unknown; findings: Finding[] } {
  if (!isMap(value) || !isMap(value.app) || value.app.run === undefined) return { value, findings: [] }
  const { parallel, within } = value.app
  const load = {
    connections: isCount(parallel) ? parallel : 1,
    // One that is none is told of where it stands.
    deadline: duration.safeParse(within).success ? within : DEFAULT_RUN_WITHIN,
    requests: [{ name: RUN, GET: '/' }],
  }
  const phases = Array.isArray(value.phases) ? value.phases.map((phase) => (isMap(phase) ? { for: '1s', ...phase } : phase)) : value.phases
  return { value: { ...value, load, phases }, findings: [...needless(value)] }
}

/** What a run is called, as the only kind of request. */
export const RUN = 'run'

function* needless(value: Record<string, unknown>): Generator<Finding> {
  const why = 'the app is run so many times in each phase'
  if (value.load !== undefined) yield { path: ['load'], at: 'key', message: `there is no load: ${why}`, hint: 'leave it out' }
  if (!Array.isArray(value.phases)) return
  for (const [index, phase] of value.phases.entries())
    for (const key of ['for', 'rate', 'bursts'])
      if (isMap(phase) && phase[key] !== undefined)
        yield {
          path: ['phases', index, key],
          at: 'key',
          message: `a phase lasts as long as its runs: ${why}`,
          hint: `leave ${key} out; app.times says how many`,
        }
}

const isMap = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === 'object' && !Array.isArray(value)
const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 100
