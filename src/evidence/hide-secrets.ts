import { MASK, replacer, secretValues } from '../report/mask.ts'
import type { Scenario } from '../scenario/scenario.ts'
import type { Variables } from '../scenario/variables.ts'
import { readYaml } from '../scenario/yaml.ts'
import { isSecretHeader } from '../value/secret.ts'

export interface Hidden {
  /** The document of the scenario as the user wrote it, without secrets. */
  document: unknown
  /** The same done to other text, such as the body of an answer. */
  text(text: string): string
}

/** As in a report: shorter values would blot out words that only happen to hold them. */
const SHORTEST = 4

/**
 * Takes the secrets out of what is stored. Each value that stands at a name that says secret (a header, a variable of the
 * environment) has a placeholder of its own, so it can still be seen which requests carry the header that a fault or a
 * claim asks for, and whether an answer holds a secret.
 */
export function hideSecrets(scenario: Scenario, variables: Variables = {}): Hidden {
  const { value: written } = readYaml(scenario.text, scenario.file)
  const placeholders = new Map<string, string>()
  mapLeaves(written, (value, path) => {
    if (isSecret(path, value) && !placeholders.has(String(value))) placeholders.set(String(value), `${MASK}${placeholders.size + 1}`)
    return value
  })
  const longestFirst = [...placeholders].filter(([value]) => value.length >= SHORTEST).sort(([a], [b]) => b.length - a.length)
  const maskRest = replacer(secretValues(scenario, variables))
  const text = (text: string) =>
    maskRest(longestFirst.reduce((left, [value, placeholder]) => left.replaceAll(value, () => placeholder), text))
  const document = mapLeaves(written, (value, path) => {
    if (isSecret(path, value)) return placeholders.get(String(value))
    return typeof value === 'string' && !isBinding(path) ? text(value) : value
  })
  return { document, text }
}

type Path = readonly string[]

/** Also where the value stands in a map of its own: `authorization: { exact: … }`. */
const isSecret = (path: Path, value: unknown) =>
  value !== null && isSecretHeader((path.at(-1) === 'exact' ? path.at(-2) : path.at(-1)) ?? '')

/** What the logs know a thing by, and show anyway: with another text there they could not be read. */
function isBinding(path: Path): boolean {
  if (path[0] === 'phases' && (path.length === 2 || (path[2] === 'when' && (path[3] === 'path' || path.at(-1) === 'regex')))) return true
  return BINDING.has(path.at(-1) as string)
}

const BINDING = new Set(['cluster', 'phase', 'prefix', 'path', 'GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** @param change - given each value that is no map or list, with the keys that lead to it */
function mapLeaves(value: unknown, change: (value: unknown, path: Path) => unknown, path: Path = []): unknown {
  if (Array.isArray(value)) return value.map((item) => mapLeaves(item, change, path))
  if (typeof value !== 'object' || value === null) return change(value, path)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mapLeaves(inner, change, [...path, key])]))
}
