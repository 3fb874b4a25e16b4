import { createRequire } from 'node:module'
import type { RE2JS } from 're2js'

/** Regular expressions of scenarios: RE2, as everywhere in Envoy. It has no backtracking, so none can run away. */

type Engine = typeof import('re2js')
let engine: Engine | undefined
const compiled = new Map<string, RE2JS>()

/** Loaded with the first expression: most scenarios have none. */
function load(): Engine {
  engine ??= createRequire(import.meta.url)('re2js') as Engine
  return engine
}

/** Why a text is no regular expression of RE2; undefined when it is. */
export function whyNoPattern(source: string): string | undefined {
  try {
    patternOf(source)
    return undefined
  } catch (error) {
    return (error as Error).message.replace(/^error parsing regexp: /, '')
  }
}

/** Whether the expression is found anywhere in a text. `source` is known to be one. */
export const isFound = (source: string, text: string): boolean => patternOf(source).matcher(text).find()

/** Whether the expression matches a text from its beginning to its end, as Envoy has it. `source` is known to be one. */
export const isWhole = (source: string, text: string): boolean => patternOf(source).matches(text)

function patternOf(source: string): RE2JS {
  let pattern = compiled.get(source)
  if (pattern === undefined) {
    pattern = load().RE2JS.compile(source)
    compiled.set(source, pattern)
  }
  return pattern
}
