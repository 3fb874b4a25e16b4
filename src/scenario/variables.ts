/**
 * `${NODE_IMAGE:-node:24-slim}`: a variable of whoever starts the run, and what stands there where it is not set or empty,
 * as in a shell. A default is always there, so that a scenario is whole by itself.
 */
const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]{0,199}):-([^${}]{0,500})\}/g

export type Variables = Readonly<Record<string, string | undefined>>

export function withVariables(text: string, variables: Variables): string {
  return text.replace(VARIABLE, (_, name: string, fallback: string) => (Object.hasOwn(variables, name) && variables[name]) || fallback)
}

/** The variables of a text, by name, with what stands in their place. */
export function variablesIn(text: string, variables: Variables): Record<string, string> {
  return Object.fromEntries([...text.matchAll(VARIABLE)].map(([whole, name]) => [name as string, withVariables(whole, variables)]))
}

/** The first `${` that begins no such variable, with what follows it; undefined where there is none. */
export function badVariable(text: string): string | undefined {
  return /\$\{[^}]*\}?/.exec(text.replace(VARIABLE, ''))?.[0]
}
