import { isWhole } from '../content/pattern.ts'
import { unreachable } from '../errors.ts'
import { isSecretHeader } from '../value/secret.ts'
import { show } from '../value/show.ts'

/** Which requests a fault is for, and how that is asked of a request: of Envoy by its HeaderMatcher, and of the evidence by us. */

/** All of these; none: every request. */
export type When = readonly RequestTest[]

/** One thing that a request must be. `name` is that of a header in lower case, or a pseudo-header of Envoy's. */
export type RequestTest = { name: string } & ValueTest

export type ValueTest = { op: 'exact' | 'prefix' | 'regex'; text: string } | { op: 'present' | 'absent' }

/** Envoy's holds the query too, which is no part of a path here. */
export const PATH = ':path'
export const METHOD = ':method'
export const isPseudo = ({ name }: RequestTest) => name.startsWith(':')

/** Whether a log may hold what came. */
export const isLogged = ({ name }: RequestTest) => !isSecretHeader(name)

/** What a request has, by the names of tests; null or left out: it has it not. */
export type Had = Readonly<Record<string, string | null>>

export const hadOf = ({ method, path, headers }: { method: string; path: string; headers: Readonly<Record<string, string>> }): Had => ({
  ...headers,
  [METHOD]: method,
  [PATH]: path,
})

/** Whether a request is all that is asked. */
export const fulfils = (had: Had, when: When): boolean => when.every((test) => passes(test, had[test.name] ?? null))

function passes(test: RequestTest, value: string | null): boolean {
  const asked = comparison(test)
  if (asked.op === 'absent') return value === null
  if (value === null) return false
  switch (asked.op) {
    case 'present':
      return true
    case 'exact':
      return value === asked.text
    case 'prefix':
      return value.startsWith(asked.text)
    case 'regex':
      return isWhole(asked.text, bytesOf(value))
    default:
      return unreachable(asked.op)
  }
}

/**
 * What is compared with the value that Envoy has, so that it and we compare the same. Of a path: what may follow is its
 * query. A prefix has no `?`, so it lies before the query by itself.
 */
export function comparison(test: RequestTest): ValueTest {
  if (test.name !== PATH) return test
  if (test.op === 'exact') return { op: 'regex', text: withQuery(test.text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')) }
  return test.op === 'regex' ? { op: 'regex', text: pathExpression(test.text) } : test
}

/** With whatever query behind it. */
const withQuery = (expression: string) => `${expression}(?:\\?.*)?`

/** What Envoy's `:path` is compared with where a scenario has this expression for a path. */
export const pathExpression = (expression: string) => withQuery(`(?:${expression})`)

/** Envoy's expressions are about bytes: an é is two of them (test/integration/conditions.test.ts). */
const bytesOf = (value: string) => Buffer.from(value).toString('latin1')

const WORD: Record<string, string> = { [PATH]: 'path', [METHOD]: 'method' }

/** As the scenario has it: `x-user: jason`, `path: { prefix: /items }`. */
export function describeTest(test: RequestTest): string {
  const name = WORD[test.name] ?? test.name
  if (!('text' in test)) return `${name}: { ${test.op}: true }`
  return test.op === 'exact' ? `${name}: ${test.text}` : `${name}: { ${test.op}: ${test.op === 'regex' ? show(test.text) : test.text} }`
}
