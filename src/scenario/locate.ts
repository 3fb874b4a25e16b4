import { type Alias, isAlias, isCollection, isMap, isSeq, type Node, type Pair } from 'yaml'
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

  return (path, at = 'value') => {
    let node = root
    let key: Node | null = null
    let left = path.length
    for (const part of path) {
      const parent: Node | null = follow(node)
      const pair: Pair | undefined = isMap(parent) ? pairOf(parent.items, String(part)) : undefined
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

/** Header names are read without regard to case. */
function pairOf(items: readonly Pair[], key: string): Pair | undefined {
  return items.find((pair) => keyText(pair.key) === key) ?? items.find((pair) => keyText(pair.key)?.toLowerCase() === key.toLowerCase())
}

const isBlock = (node: Node) => isCollection(node) && node.flow !== true
