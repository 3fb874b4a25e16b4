import { METRIC_NAMES } from './expect-schema.ts'
import type { DocumentPath } from './scenario.ts'

/**
 * What can be said of the whole although some values are of the wrong kind. Each of them is taken out, so that the rest
 * can be read; what rests on a part that is not as it was written says nothing then.
 */

/** `amounts`: how much load there is, when and for how long; of `load` and `phases` it is a part of its own. */
export type Part = 'upstreams' | 'app' | 'envoy' | 'load' | 'phases' | 'amounts'
export const ALL_PARTS: ReadonlySet<Part> = new Set<Part>(['upstreams', 'app', 'envoy', 'load', 'phases', 'amounts'])

export interface Mended {
  value: unknown
  /** The parts that are as they were written, but for what nothing else rests on. */
  sound: ReadonlySet<Part>
  /** Whether what stands at `path` was not written there. */
  isMadeUp(path: DocumentPath): boolean
}

/** Nothing but the prediction rests on these of an upstream, and there is none of a scenario with problems. */
const OWN_AFFAIRS = ['latency', 'respond']
const AMOUNTS = { load: ['rate', 'arrivals', 'think', 'warmup', 'deadline'], phases: ['for', 'rate', 'bursts'] }
const STAND_INS = { upstreams: { any: {} }, load: { rate: '1/s' }, phases: [{ name: 'any', for: '1s' }] }
const ANY_CLAIM = { status: 200 }

/**
 * @param wrong - the places of what is wrong
 * @returns undefined where too little is left
 */
export function mended(value: unknown, wrong: readonly DocumentPath[]): Mended | undefined {
  const copy = structuredClone(value) as Record<string, unknown>
  const sound = new Set(ALL_PARTS)
  const madeUp = new Set<string | number>()
  for (const path of wrong) {
    const [section, name, key] = path
    if (section === 'name') copy.name = 'any'
    else if (section === 'description' || section === 'seed') delete copy[section]
    else if (section === 'expect') takeOutClaim(copy, path, madeUp)
    else if (section === 'upstreams' && OWN_AFFAIRS.includes(String(key))) remove(copy, [section, name as string, key as string])
    else if (section === 'load' && AMOUNTS.load.includes(String(name))) {
      remove(copy, [section, name as string])
      sound.delete('amounts')
    } else if (section === 'phases' && AMOUNTS.phases.includes(String(key))) {
      remove(copy, [section, name as number, key as string])
      if (key === 'for') set(copy, [section, name as number, key], '1s')
      sound.delete('amounts')
    } else if (section === 'upstreams' || section === 'load' || section === 'phases') {
      sound.delete(section)
      sound.delete('amounts')
    } else if (section === 'app' || section === 'envoy') sound.delete(section)
    else return undefined
  }
  for (const section of ['upstreams', 'load', 'phases'] as const) if (!sound.has(section)) copy[section] = STAND_INS[section]
  for (const section of ['app', 'envoy'] as const) if (!sound.has(section)) delete copy[section]
  return { value: copy, sound, isMadeUp: ([section, index]) => section === 'expect' && (madeUp.has(ALL) || madeUp.has(index as number)) }
}

const ALL = 'all'

/** A claim on a metric goes by itself; where it is not known which requests an item is about, all of it goes. */
function takeOutClaim(copy: Record<string, unknown>, [, index, metric]: DocumentPath, madeUp: Set<string | number>): void {
  const claims = copy.expect
  if (!Array.isArray(claims) || claims.length === 0 || typeof index !== 'number') {
    copy.expect = [ANY_CLAIM]
    madeUp.add(ALL)
    return
  }
  if (madeUp.has(ALL) || madeUp.has(index)) return
  const isMetric = (key: unknown) => (METRIC_NAMES as readonly unknown[]).includes(key)
  if (isMetric(metric)) remove(copy, ['expect', index, metric as string])
  const claim = claims[index]
  if (isMetric(metric) && Object.keys(claim ?? {}).some(isMetric)) return
  claims[index] = ANY_CLAIM
  madeUp.add(index)
}

function parentOf(value: unknown, path: DocumentPath): Record<string | number, unknown> | undefined {
  let at = value
  for (const part of path.slice(0, -1)) {
    if (at === null || typeof at !== 'object' || !Object.hasOwn(at, part)) return undefined
    at = (at as Record<string | number, unknown>)[part]
  }
  return at !== null && typeof at === 'object' ? (at as Record<string | number, unknown>) : undefined
}

function remove(value: unknown, path: DocumentPath): void {
  const parent = parentOf(value, path)
  if (parent !== undefined) delete parent[path.at(-1) as string]
}

function set(value: unknown, path: DocumentPath, to: unknown): void {
  const parent = parentOf(value, path)
  if (parent !== undefined) parent[path.at(-1) as string] = to
}
