import { accessSync, constants, readdirSync, statSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { ChaosError } from '../errors.ts'
import { didYouMean } from '../value/nearest.ts'
import { show } from '../value/show.ts'
import { commandOf } from './check-app.ts'
import { isContainer } from './containers.ts'
import type { Finding } from './finding.ts'
import { placeholdersOf } from './placeholders.ts'
import type { DocumentPath, Scenario } from './scenario.ts'

/** Whether what an app is started with is there. Whatever else a command names may be made by the app itself. */

/** What reads a script, and how those are called: `node shop.mjs` is a file although nothing says so. */
const INTERPRETER = /^(node|deno|bun|tsx|python[\d.]*|ruby|perl|php|sh|bash)$/
const SCRIPT = /^[^-].*\.(m?js|cjs|m?ts|py|rb|pl|php|sh)$/

/**
 * The program and its script, where they are files: those must be there.
 * @param find - the real path of one that the scenario names; throws ChaosError where there is none
 */
export function missingFiles({ app }: Scenario, find: (path: string) => string): Finding[] {
  // What the command of a container names is in the container.
  const words = app === undefined || isContainer(app) ? [] : commandOf(app).slice(0, 2)
  return words.flatMap((word, index): Finding[] => {
    const isRelative = /^\.\.?\//.test(word) || (index === 0 && /^[^/]+\//.test(word))
    const isScript = index === 1 && INTERPRETER.test(words[0] as string) && SCRIPT.test(word) && !word.startsWith('/')
    if ((!isRelative && !isScript) || placeholdersOf(word).length > 0) return []
    const path = placeOf(app, index)
    try {
      const found = find(word)
      if (index > 0 || isExecutable(found)) return []
      const hint = 'give it the permission (chmod +x), or name the program that runs it, as in [node, ./shop.mjs]'
      return [{ path, message: `${show(word)} cannot be executed`, hint }]
    } catch (error) {
      if (!(error instanceof ChaosError)) throw error
      return [{ path, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) }]
    }
  })
}

/**
 * The program of an app that this machine does not have; another may.
 * @param searched - the PATH that the app will inherit; where it has none, nobody knows where its program is looked for
 */
export function missingProgram({ app, folder }: Scenario, searched: string | undefined): Finding | undefined {
  const [program = ''] = app === undefined ? [] : commandOf(app)
  const path = app?.env.PATH ?? searched
  if (app === undefined || isContainer(app) || placeholdersOf(`${program}${path}`).length > 0) return undefined
  const place = { path: placeOf(app, 0) }
  if (program.startsWith('/'))
    return isExecutable(program)
      ? undefined
      : { ...place, message: `there is no program ${show(program)} on this machine`, hint: 'is it spelt right?' }
  if (program.includes('/') || path === undefined) return undefined
  // As a shell does: a folder without a name is the current one.
  const folders = path.split(delimiter).map((each) => resolve(folder, each))
  if (folders.some((each) => isExecutable(join(each, program)))) return undefined
  const hint = isFile(join(folder, program))
    ? `a file beside the scenario is written with its path: ./${program}`
    : (didYouMean(program, folders.flatMap(namesIn)) ?? 'install it, or write the path of a file of your own: ./shop')
  return { ...place, message: `there is no program ${show(program)} on PATH`, hint }
}

const placeOf = (app: Scenario['app'], index: number): DocumentPath => ['app', app?.run === undefined ? 'command' : 'run', index]

const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() === true

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return isFile(path)
  } catch {
    // Not there, or not to be executed: the same to whoever wants to start it.
    return false
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    // PATH may name folders that there are not.
    return []
  }
}
