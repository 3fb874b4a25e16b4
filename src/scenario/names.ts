import { didYouMean } from '../value/nearest.ts'
import { show } from '../value/show.ts'
import type { Finding } from './finding.ts'
import { formatPath } from './finding.ts'
import { knownKeys } from './keys.ts'
import type { DocumentPath } from './scenario.ts'

/**
 * Names that refer to each other, checked on the plain value, so that they are reported together with whatever the
 * schema finds. Parts that are not of the right kind are left out here: the schema speaks of them.
 */
export function nameFindings(document: unknown): Finding[] {
  const upstreams = get(document, 'upstreams')
  const phases = items(get(document, 'phases'))
  const requests = items(get(get(document, 'load'), 'requests'))
  const unknownRequests = unknownNames(claims(document, 'request'), namesOf(requests), 'request', 'request of load.requests with a name')
  return [
    ...(isMap(upstreams) ? unknownNames(clusterRefs(document), Object.keys(upstreams), 'cluster', 'upstream') : []),
    // A phase whose name cannot be read may be the one that is meant.
    ...(phases.length > 0 && namesOf(phases).length === phases.length
      ? unknownNames(claims(document, 'phase'), namesOf(phases), 'phase', 'phase')
      : []),
    // In this order: to know all keys takes longer than all else that is looked at here.
    ...(unknownRequests.length > 0 && areRequestsKnown(document) ? unknownRequests : []),
    ...doubles(phases, ['phases'], 'phase'),
    ...doubles(requests, ['load', 'requests'], 'request'),
  ]
}

/** Not so where the list of them, or an item of it, is something else, or may stand under a key that is misspelt. */
function areRequestsKnown(document: unknown): boolean {
  const load = get(document, 'load')
  if (!isMap(load)) return get(get(document, 'app'), 'run') !== undefined
  const { requests } = load
  const isSpelt = (map: unknown, at: DocumentPath) => isMap(map) && Object.keys(map).every((key) => knownKeys(at).includes(key))
  if (requests === undefined) return isSpelt(load, ['load'])
  return Array.isArray(requests) && requests.every((request) => isSpelt(request, ['load', 'requests', 0]))
}

interface Reference {
  path: DocumentPath
  name: unknown
  at?: 'key'
}

function clusterRefs(document: unknown): Reference[] {
  const envoy = get(document, 'envoy')
  const clusters = get(envoy, 'clusters')
  return [
    ...(isMap(clusters) ? Object.keys(clusters).map((name): Reference => ({ path: ['envoy', 'clusters', name], name, at: 'key' })) : []),
    ...items(get(envoy, 'routes')).map((route, i): Reference => ({ path: ['envoy', 'routes', i, 'cluster'], name: get(route, 'cluster') })),
    ...items(get(document, 'phases')).flatMap((phase, i) =>
      items(get(phase, 'faults')).map(
        (fault, j): Reference => ({ path: ['phases', i, 'faults', j, 'cluster'], name: get(fault, 'cluster') }),
      ),
    ),
    ...claims(document, 'cluster'),
  ]
}

const claims = (document: unknown, key: string) =>
  items(get(document, 'expect')).map((claim, i): Reference => ({ path: ['expect', i, key], name: get(claim, key) }))

function unknownNames(references: Reference[], known: string[], noun: string, source: string): Finding[] {
  return references.flatMap(({ path, name, at }): Finding[] => {
    if (typeof name !== 'string' || known.includes(name)) return []
    const hint =
      didYouMean(name, known) ?? (known.length === 0 ? `there is no ${source}` : `known: ${[...new Set(known)].slice(0, 12).join(', ')}`)
    return [{ path, message: `unknown ${noun} ${show(name)}`, hint, ...(at === undefined ? {} : { at }) }]
  })
}

function doubles(list: unknown[], path: DocumentPath, noun: string): Finding[] {
  const first = new Map<string, number>()
  return list.flatMap((item, index): Finding[] => {
    const name = get(item, 'name')
    if (typeof name !== 'string') return []
    const before = first.get(name)
    if (before === undefined) first.set(name, index)
    return before === undefined
      ? []
      : [
          {
            path: [...path, index, 'name'],
            message: `a second ${noun} of the name ${show(name)}: ${formatPath([...path, before])} has it too`,
            hint: 'names must differ, so that expectations can refer to them',
          },
        ]
  })
}

const isMap = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === 'object' && !Array.isArray(value)
const get = (value: unknown, key: string): unknown => (isMap(value) && Object.hasOwn(value, key) ? value[key] : undefined)
const items = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
const namesOf = (list: unknown[]) => list.map((item) => get(item, 'name')).filter((name) => typeof name === 'string')
