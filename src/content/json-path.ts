import { createRequire } from 'node:module'
import type { JSONPathEnvironment, JSONPathQuery } from 'json-p3'

/** JSONPath as RFC 9535 has it, without its functions `match` and `search`, whose expressions may backtrack without end. */

let environment: JSONPathEnvironment | undefined
const compiled = new Map<string, JSONPathQuery>()

/** Loaded with the first path: most scenarios have none. */
function load(): JSONPathEnvironment {
  if (environment === undefined) {
    const library = createRequire(import.meta.url)('json-p3') as typeof import('json-p3')
    environment = new library.JSONPathEnvironment()
    for (const name of ['match', 'search']) environment.functionRegister.delete(name)
  }
  return environment
}

/** Why a text is no path that can be asked; undefined when it is one. */
export function whyNoPath(source: string): string | undefined {
  if (!source.startsWith('$')) return 'a path begins with "$"'
  // Each multiplies the nodes that the one before it found.
  if (source.split('..').length > 2) return '".." stands in it more than once'
  try {
    queryOf(source)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

/**
 * All values that the path selects, in order; undefined when the value is nested more deeply than can be asked.
 * @param source - known to be a path
 */
export function selected(source: string, value: unknown): unknown[] | undefined {
  try {
    return queryOf(source)
      .query(value as never)
      .values()
  } catch {
    return undefined
  }
}

function queryOf(source: string): JSONPathQuery {
  let query = compiled.get(source)
  if (query === undefined) {
    query = load().compile(source)
    compiled.set(source, query)
  }
  return query
}
