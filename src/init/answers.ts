import type { z } from 'zod'
import { ChaosError } from '../errors.ts'
import { urlVariable } from '../scenario/check-app.ts'
import { image } from '../scenario/container-schema.ts'
import { environment } from '../scenario/program-schema.ts'
import { hostname, name, path } from '../value/scalar.ts'
import { listed, show } from '../value/show.ts'
import { commandWords } from './command-words.ts'

/** What a first scenario is written from. */
export interface Answers {
  app: AnsweredApp | undefined
  /** In the order given: the first one is that which fails. */
  upstreams: readonly AnsweredUpstream[]
}

export interface AnsweredApp {
  /** `build`: a folder with a Dockerfile. */
  runs: { command: readonly string[] } | { image: string } | { build: string }
  /** undefined: it listens where PORT says. */
  port: number | undefined
  /** What the load asks it for. */
  path: string
}

export interface AnsweredUpstream {
  name: string
  /** How what is tested comes to it: environment variables, an address that is built in, or the beginning of a path. */
  by: { variables: readonly string[] } | { host: string } | { prefix: string }
  /** What its stub answers; left out: 200 with `{}`. */
  respond?: Respond
}

export type Respond = { status: number } | { json: unknown }

/**
 * `inventory`, or with how it is come to. With an app: by `inventory=INVENTORY_URL`, a variable that the app reads (several
 * with commas between), or by `inventory=http://inventory:8080`, an address that it cannot be told otherwise. Without an app:
 * by `inventory=/items`, the beginning of the paths that are routed there.
 *
 * @param of - what is tested; `alone`: this is the only upstream, so no path need tell it from others
 * @throws ChaosError `badInput`
 */
export function readUpstream(text: string, of: { app: boolean; alone: boolean }): AnsweredUpstream {
  const cut = text.indexOf('=')
  const upstream = readName(cut === -1 ? text.trim() : text.slice(0, cut).trim())
  const way = cut === -1 ? '' : text.slice(cut + 1).trim()
  const isAddress = /^[a-z][a-z+.-]*:\/\//i.test(way)
  if (!of.app) {
    if (way !== '' && !way.startsWith('/'))
      throw bad(
        `without an app nobody reads ${show(way)}`,
        isAddress || !isVariable(way)
          ? `give the beginning of its paths (${upstream}=/${upstream}), or the app that calls it (--app)`
          : `give the app that reads it (--app), or the beginning of its paths: ${upstream}=/${upstream}`,
      )
    const prefix = way === '' ? (of.alone ? '/' : `/${upstream}`) : readPath(way)
    if (prefix.includes('?')) throw bad(`the beginning of a path has no query, got ${show(prefix)}`, `write ${prefix.split('?', 1)[0]}`)
    return { name: upstream, by: { prefix } }
  }
  if (isAddress) return { name: upstream, by: { host: readAddress(way) } }
  if (way.startsWith('/'))
    throw bad(
      `the app decides by itself what it asks ${upstream} for, so ${show(way)} says nothing`,
      `name the variable by which it learns the address of ${upstream}: ${upstream}=${urlVariable(upstream)}`,
    )
  return { name: upstream, by: { variables: (way === '' ? urlVariable(upstream) : way).split(',').map((one) => readVariable(one.trim())) } }
}

/**
 * `inventory={"stock":3}` or `users=404`: what the stub of an upstream answers, as JSON or with a status alone.
 * @param app - whether an app makes something of it: without one, callers get it as it is
 * @throws ChaosError `badInput`
 */
export function withRespond(upstreams: readonly AnsweredUpstream[], text: string, app: boolean): AnsweredUpstream[] {
  const cut = text.indexOf('=')
  const named = (cut === -1 ? text : text.slice(0, cut)).trim()
  const names = upstreams.map(({ name }) => name)
  if (cut === -1)
    throw bad(`expected an upstream and what its stub answers, got ${show(text)}`, `write ${names[0]}={"stock":3}, or ${names[0]}=404`)
  const found = upstreams.find(({ name }) => name === named)
  if (found === undefined) throw bad(`there is no upstream ${show(named)} to respond`, `known: ${listed(names)}`)
  if (found.respond !== undefined) throw bad(`what ${named} responds is given twice`)
  const respond = readRespond(text.slice(cut + 1).trim(), named, app)
  return upstreams.map((upstream) => (upstream === found ? { ...upstream, respond } : upstream))
}

function readRespond(text: string, upstream: string, app: boolean): Respond {
  if (/^[1-9]\d\d$/.test(text)) {
    const status = Number(text)
    const most = app ? 499 : 399
    if (status < 200 || status > most)
      throw bad(
        `expected a status from 200 to ${most}, got ${text}`,
        status > most ? `${upstream} is well in the baseline: what fails is a fault of a phase, abort: ${text}` : undefined,
      )
    return { status }
  }
  try {
    return { json: JSON.parse(text) }
  } catch {
    throw bad(
      `expected JSON or a status as what ${upstream} responds, got ${show(text)}`,
      `quote it for the shell: --respond '${upstream}={"stock":3}'`,
    )
  }
}

/** @throws ChaosError `badInput` */
export function readCommand(words: readonly string[]): string[] {
  const [first = '', ...others] = words
  const command = others.length > 0 ? [...words] : commandWords(first)
  if (command.length === 0 || command[0] === '') throw bad('expected the command of an app, such as "node ./shop.mjs", got nothing')
  return command
}

/** @throws ChaosError `badInput` */
export function readImage(text: string): string {
  const nearest = text.replace(/^[a-z]+:\/\//i, '').toLowerCase()
  return checked(image, text, nearest)
}

/** @throws ChaosError `badInput` */
export function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_535) throw bad(`expected a port from 1 to 65535, got ${show(text)}`)
  return port
}

/** @throws ChaosError `badInput` */
export function readPath(text: string): string {
  const bare = text.replace(/^https?:\/\/[^/]*/i, '').replace(/#.*$/, '')
  return checked(path, text, encodeURI(`/${bare.replace(/^\/+/, '')}`).replaceAll('%25', '%'))
}

function readName(text: string): string {
  const nearest = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^[-_]+|[-_]+$/g, '')
    .slice(0, 60)
  return checked(name, text, nearest)
}

const isVariable = (text: string) => environment.safeParse({ [text]: '' }).success

function readVariable(text: string): string {
  if (isVariable(text)) return text
  const nearest = text.replace(/[^A-Za-z0-9_]+/g, '_').replace(/^[\d_]+|_+$/g, '')
  throw bad(
    `expected the name of an environment variable, such as INVENTORY_URL, or a URL, got ${show(text)}`,
    isVariable(nearest) ? `did you mean ${nearest.toUpperCase()}?` : 'write NAME=VARIABLE',
  )
}

/** @returns the host, with its port unless that is 80 */
function readAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.hostname === '') throw bad(`expected a URL such as http://inventory:8080, got ${show(text)}`)
  if (url.protocol !== 'http:')
    throw bad(
      `${show(text)} is not plain http, and Envoy runs without TLS here`,
      'have the app read the address from a variable, and name that: NAME=VARIABLE',
    )
  if (!hostname.safeParse(url.host).success) throw bad(`expected the name of a host in ${show(text)}`)
  if (/^(localhost|127\..*|\[.*\])$/.test(url.hostname))
    throw bad(
      `no app asks its proxy for ${url.hostname}, so ${show(text)} cannot be replaced`,
      'have the app read the address from a variable, and name that: NAME=VARIABLE',
    )
  return url.host
}

function checked<T>(schema: z.ZodType<T>, text: string, nearest: string): T {
  const read = schema.safeParse(text)
  if (read.success) return read.data
  const hint = schema.safeParse(nearest).success && nearest !== '/' ? `did you mean ${show(nearest)}?` : undefined
  throw bad(read.error.issues[0]?.message ?? `expected something else, got ${show(text)}`, hint)
}

/**
 * What no answer shows alone.
 * @throws ChaosError `badInput`
 */
export function checkTogether({ upstreams }: Answers): void {
  const names = upstreams.map((upstream) => upstream.name)
  const twice = names.find((one, i) => names.indexOf(one) < i)
  if (twice !== undefined) throw bad(`the upstream ${show(twice)} is given twice`, 'names must differ')
  if (names.length > MOST_UPSTREAMS)
    throw bad(`expected at most ${MOST_UPSTREAMS} upstreams for a first scenario, got ${names.length}`, 'add the others to its file later')
  const variables = upstreams.flatMap(({ by }) => ('variables' in by ? by.variables : []))
  const shared = variables.find((one, i) => variables.indexOf(one) < i)
  if (shared !== undefined) throw bad(`the variable ${shared} is given twice`, `of ${listed(names, 'and')} each has its own`)
}

/** Each has its share of the load, which one machine has to make. */
const MOST_UPSTREAMS = 10

const bad = (message: string, hint?: string) => new ChaosError('badInput', message, hint === undefined ? {} : { hint })
