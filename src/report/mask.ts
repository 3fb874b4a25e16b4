import type { RequestTest } from '../fault/when.ts'
import type { Fault } from '../scenario/check-faults.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { type Variables, variablesIn, withVariables } from '../scenario/variables.ts'
import { isSecretHeader } from '../value/secret.ts'

/** Reports travel further than scenarios do (CI artefacts, tickets), so what authenticates someone stays out of them. */

export const MASK = '***'

/** The same headers, with the values of the secret ones masked. */
export function maskHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, isSecretHeader(name) ? MASK : value]))
}

/** Shorter values would blot out words that only happen to hold them, and are masked beside their name alone; a part of a value must be longer still. */
const SHORTEST = 4
const SHORTEST_PART = 8

/** The same test; of a secret header, without its value. */
export const maskTest = (test: RequestTest): RequestTest => ('text' in test && isSecretHeader(test.name) ? { ...test, text: MASK } : test)

/** The values to keep out of free text; of `Bearer xyz` and `sid=xyz; theme=dark`, the longer parts on their own as well. */
export function secretsIn(headers: Readonly<Record<string, string>>): string[] {
  const values = Object.entries(headers).flatMap(([name, value]) => (isSecretHeader(name) ? [value] : []))
  const parts = values.flatMap((value) => value.split(/[\s;,]+|(?<=[\w-])=(?=.)/)).filter((part) => part.length >= SHORTEST_PART)
  const passwords = Object.values(headers).flatMap((value) => [...value.matchAll(PASSWORD_OF_URL)].map(([password]) => password))
  const inUrls = passwords.map((password) => (password.length >= SHORTEST ? password : `:${password}@`))
  const named = Object.entries(headers).flatMap(([name, value]) => (isSecretHeader(name) ? [`${name}: ${value}`] : []))
  return [...named, ...values.filter((value) => value.length >= SHORTEST), ...parts, ...inUrls]
}

/** Of `postgres://shop:hunter2@db/items`, whatever the name says. */
const PASSWORD_OF_URL = /(?<=:\/\/[^\s/:@]*:)[^\s/@]+(?=@)/g

/**
 * The values of all secret headers, wherever a scenario can hold one, and of the secrets that the app and containers are told.
 * @param variables - what arguments of a build may take their values from; when they are masked in what is stored, no
 *   report needs to know them
 */
export function secretValues(scenario: Scenario, variables: Variables = {}): string[] {
  const programs = [...Object.values(scenario.upstreams), scenario.app]
  const places: (Readonly<Record<string, string>> | undefined)[] = [
    ...Object.values(scenario.upstreams).map((upstream) => upstream.respond?.headers),
    ...programs.flatMap((program) => [program?.env, ...argsOf(program?.build, variables)]),
    ...(scenario.envoy.routes ?? []).map((route) => route.match.headers),
    ...(scenario.load.requests ?? []).map((request) => request.headers),
    ...scenario.phases.flatMap((phase) => phase.faults.map((fault) => exactOf(fault.when?.header))),
    ...scenario.expect.map((expectation) => expectation.given?.header),
  ]
  return [...new Set(places.flatMap((headers) => (headers === undefined ? [] : secretsIn(headers))))]
}

/** As they are written, as the build is given them, and the variables in them, which may have a name that says secret where the argument has none. */
function argsOf(build: NonNullable<Scenario['app']>['build'], variables: Variables): Readonly<Record<string, string>>[] {
  const args = typeof build === 'object' ? build.args : undefined
  if (args === undefined) return []
  const given = Object.fromEntries(Object.entries(args).map(([name, value]) => [name, withVariables(value, variables)]))
  return [args, given, ...Object.values(args).map((value) => variablesIn(value, variables))]
}

const exactOf = (header: NonNullable<Fault['when']>['header']) =>
  Object.fromEntries(Object.entries(header ?? {}).flatMap(([name, test]) => (test.op === 'exact' ? [[name, test.text]] : [])))

/** The placeholder of a secret in a stored scenario; which of them it is does not matter in a report. */
const PLACEHOLDER = /\*{3}\d+/g

/** @returns a function that masks each of `values` in a text, and placeholders that stand for such. */
export function masker(values: readonly string[]): (text: string) => string {
  const mask = replacer(values)
  return (text) => mask(text).replace(PLACEHOLDER, MASK)
}

/** @returns a function that replaces each of `values` in a text, longest first, so that no tail of one is left. */
export function replacer(values: readonly string[]): (text: string) => string {
  const longestFirst = [...values].sort((a, b) => b.length - a.length)
  return (text) => longestFirst.reduce((left, value) => left.replaceAll(value, () => MASK), text)
}
