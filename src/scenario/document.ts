import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type ParsedNode, type Scalar } from 'yaml'
import { didYouMean } from '../value/nearest.ts'
import type { DocumentPath } from './scenario.ts'

/**
 * From the nodes of a YAML document to a plain value, in one walk. yaml's own `toJS` is not used because it gives up at
 * the first mistake, without a place, lets `__proto__` through to zod (which drops it in silence), and returns circular
 * structures for an anchor that holds itself.
 */

/** Nodes that aliases may stand for in all, counted with repetition: what keeps an alias bomb from going off. */
const MAX_ALIAS_NODES = 10_000
const MAX_DEPTH = 64

export interface NodeProblem {
  offset: number
  message: string
  hint?: string
}

export interface PlainDocument {
  value: unknown
  problems: NodeProblem[]
  /** Numbers and booleans that do not print as they were written (`007`, `1.0`, `True`): harmless, except in a header. */
  respelt: { path: DocumentPath; source: string }[]
  /** What each alias stands for. */
  targets: ReadonlyMap<Alias, Node>
}

export function toPlain(contents: ParsedNode | null): PlainDocument {
  const problems = new Map<number, NodeProblem>()
  const respelt: PlainDocument['respelt'] = []
  const targets = new Map<Alias, Node>()
  const anchors = new Map<string, Node>()
  const open = new Set<Node>()
  let aliasNodes = 0
  let isBomb = false

  const report = (offset: number, message: string, hint?: string) => {
    if (!problems.has(offset)) problems.set(offset, { offset, message, ...(hint === undefined ? {} : { hint }) })
  }

  function walk(node: Node | null, path: DocumentPath, insideAlias: boolean): unknown {
    if (node === null) return null
    if (insideAlias && ++aliasNodes > MAX_ALIAS_NODES) return null
    if (isAlias(node)) return followed(node, path)
    const anchor = (node as Scalar).anchor
    if (anchor !== undefined) anchors.set(anchor, node)
    if (isScalar(node)) return scalar(node, path)
    if (path.length >= MAX_DEPTH) {
      report(startOf(node), `nested too deeply: at most ${MAX_DEPTH} levels`)
      return null
    }
    open.add(node)
    const value = isSeq(node)
      ? node.items.map((item, index) => walk(item as Node, [...path, index], insideAlias))
      : map(node, path, insideAlias)
    open.delete(node)
    return value
  }

  function followed(alias: Alias, path: DocumentPath): unknown {
    const target = anchors.get(alias.source)
    if (target === undefined) {
      report(startOf(alias), `there is no anchor "&${alias.source}" before this alias`, didYouMean(alias.source, anchors.keys()))
      return null
    }
    if (open.has(target)) {
      report(startOf(alias), `the alias "*${alias.source}" stands inside of what it repeats`)
      return null
    }
    targets.set(alias, target)
    const value = walk(target, path, true)
    if (aliasNodes > MAX_ALIAS_NODES && !isBomb) {
      isBomb = true
      report(
        startOf(alias),
        `the aliases of this file stand for more than ${MAX_ALIAS_NODES} values`,
        'write out what differs, and repeat less',
      )
    }
    return value
  }

  function map(node: Node, path: DocumentPath, insideAlias: boolean): unknown {
    const value: Record<string, unknown> = {}
    if (!isMap(node)) return value
    for (const pair of node.items) {
      const keyNode = pair.key as Node
      const key = keyText(keyNode)
      const offset = startOf(keyNode)
      if (key === undefined) report(offset, 'expected a name as the key, got a list, a map, an alias or nothing')
      else if (key === '__proto__') report(offset, 'the key "__proto__" cannot be used')
      else if (Object.hasOwn(value, key)) report(offset, `the key ${JSON.stringify(key)} stands here twice`, 'keep one of the two')
      else value[key] = walk(pair.value as Node | null, [...path, key], insideAlias)
    }
    return value
  }

  function scalar(node: Scalar, path: DocumentPath): unknown {
    const { value, source = '' } = node
    if (typeof value === 'number' && !Number.isFinite(value)) {
      report(startOf(node), `expected a finite number, got ${source}`)
      return 0
    }
    if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value) && /^[-+]?\d+$/.test(source)) {
      report(startOf(node), `${source} is too large to be held exactly as a number`, `if it is meant as text, quote it: "${source}"`)
      return 0
    }
    if ((typeof value === 'number' || typeof value === 'boolean') && String(value) !== source) respelt.push({ path, source })
    return value
  }

  const value = walk(contents, [], false)
  return { value, problems: [...problems.values()], respelt, targets }
}

/** Keys are text: `503` and `"503"` are the same key, as everywhere in JSON. */
export function keyText(node: unknown): string | undefined {
  if (!isScalar(node)) return undefined
  if (typeof node.value === 'string') return node.value
  return node.value === null && !node.source ? undefined : (node.source ?? String(node.value))
}

export function startOf(node: unknown): number {
  return (node as Node | null)?.range?.[0] ?? 0
}
