import { type Alias, isAlias, isCollection, isMap, isSeq, type Node, type Pair, type YAMLMap } from 'yaml'
import { keyText, startOf } from './document.ts'
import type { Finding } from './finding.ts'
import type { DocumentPath } from './scenario.ts'

/** Where a part of a document stands in the text, as an offset. */
export type Locator = (path: DocumentPath, at?: Finding['at']) => number

/**
 * A path that leads nowhere (a key that was left out) is cut back to the nearest part that exists. A block map or list
 * begins on the line after its key, so there the key is the better place to point at.
 */
export function locator(root: Node | null, targets: ReadonlyMap<Alias, Node>): Locator {
  const follow = (node: Node | null): Node | null => (isAlias(node) ? follow(targets.get(node) ?? null) : node)

  // A map of thousands of keys may have thousands of problems.
  const indexes = new WeakMap<YAMLMap, Map<string, Pair>>()
  const pairOf = (map: YAMLMap, key: string): Pair | undefined => {
    const index = indexes.get(map) ?? indexed(map)
    indexes.set(map, index)
    return index.get(`=${key}`) ?? index.get(`~${key.toLowerCase()}`)
  }

  return (path, at = 'value') => {
    let node = root
    let key: Node | null = null
    let left = path.length
    for (const part of path) {
      const parent: Node | null = follow(node)
      const pair: Pair | undefined = isMap(parent) ? pairOf(parent, String(part)) : undefined
      if (pair !== undefined) {
        node = pair.value as Node | null
        key = pair.key as Node
      } else if (isSeq(parent) && typeof part === 'number' && part < parent.items.length) {
        node = parent.items[part] as Node
        key = null
      } else break
      left--
    }
    const wanted = left > 0 ? 'whole' : at
    if (key !== null && (wanted !== 'value' || node === null || isBlock(node))) return startOf(key)
    return startOf(node)
  }
}

/** The pairs of a map by their keys, exact and in lower case: header names are read without regard to case. */
function indexed(map: YAMLMap): Map<string, Pair> {
  const index = new Map<string, Pair>()
  for (const pair of map.items) {
    const key = keyText(pair.key)
    if (key === undefined) continue
    if (!index.has(`=${key}`)) index.set(`=${key}`, pair)
    if (!index.has(`~${key.toLowerCase()}`)) index.set(`~${key.toLowerCase()}`, pair)
  }
  return index
}

const isBlock = (node: Node) => isCollection(node) && node.flow !== true
