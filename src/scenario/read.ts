import { type BigIntStats, existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { ChaosError } from '../errors.ts'
import { show } from '../value/show.ts'
import { missingBuilds } from './build-folders.ts'
import { MAX_SAMPLES_BYTES, MAX_SCENARIO_BYTES } from './limits.ts'
import { type Draft, parseDraft, refusal } from './parse.ts'
import { missingFiles } from './programs.ts'
import type { Scenario } from './scenario.ts'

/**
 * Reads a sound scenario from a file, and the files that it names.
 * @throws ChaosError `badInput`
 */
export function readScenario(file: string): Scenario {
  const { scenario, problems } = readDraft(file)
  if (problems.length > 0) throw refusal(file, problems)
  return scenario
}

/**
 * Reads a scenario from a file, and the files that it names, as far as its format goes.
 * @throws ChaosError `badInput`
 */
export function readDraft(file: string): Draft {
  const text = readText(file, file, MAX_SCENARIO_BYTES, `scenario files are meant, such as ${join(file, '*.yaml')}`)
  return draftIn(text, file, dirname(realpathSync(file)))
}

/**
 * The same of a text that stands, or is to stand, in a file of this folder.
 * @param folder - its real path; it need not be there yet
 * @throws ChaosError `badInput`
 */
export function draftIn(text: string, file: string, folder: string): Draft {
  const project = projectFolder(folder)
  const draft = parseDraft(text, file, (path) => readText(insideProject(path, folder, project), path, MAX_SAMPLES_BYTES))
  const files = [
    ...missingFiles(draft.scenario, (path) => insideProject(path, folder, project)),
    // The project itself may be what an image is built from.
    ...missingBuilds(draft.scenario, (path) => insideProject(path, folder, project, 'path in')),
  ]
  return {
    ...draft,
    scenario: { ...draft.scenario, folder },
    problems: [...draft.problems, ...files.map((each) => draft.located(each))],
  }
}

/**
 * The folder that a scenario's paths must stay in: the nearest one above it with a `.git` or a `package.json`, else the
 * scenario's own.
 */
export function projectFolder(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git')) || existsSync(join(at, 'package.json'))) return at
    if (dirname(at) === at) return folder
  }
}

/** @param what - `path in`: the project folder itself, too */
function insideProject(path: string, folder: string, project: string, what: 'file below' | 'path in' = 'file below'): string {
  const outside = () =>
    new ChaosError('badInput', `expected a ${what} the project folder ${project}, got ${show(path)}`, {
      hint: 'the project is the nearest folder with a .git or package.json',
    })
  const asked = resolve(folder, path)
  const isInside = (place: string) => isBelow(place, project) || (what === 'path in' && place === project)
  if (path.includes('\0') || !isInside(asked)) throw outside()
  const real = attempt(path, () => realpathSync(asked))
  if (!isInside(real)) throw outside()
  return real
}

function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way !== '' && !isAbsolute(way) && way.split(/[\\/]/, 1)[0] !== '..'
}

/**
 * @param shown - the path as the user wrote it
 * @param instead - what to do when it is a folder
 */
function readText(path: string, shown: string, maxBytes: number, instead = 'name one file'): string {
  const stats = attempt(shown, () => statSync(path, { bigint: true }))
  const other = notAFile(stats)
  if (other !== undefined)
    throw new ChaosError('badInput', `${show(shown)} is ${other}, not a file`, { hint: stats.isDirectory() ? instead : 'name one file' })
  if (stats.size > maxBytes)
    throw new ChaosError(
      'badInput',
      `${show(shown)} has ${Math.ceil(Number(stats.size) / 1024)} KiB: expected at most ${maxBytes / 1024} KiB`,
    )
  const bytes = attempt(shown, () => readFileSync(path))
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    const utf16 = bytes[0] === 0xff || bytes[0] === 0xfe
    throw new ChaosError('badInput', `${show(shown)} is not text in UTF-8${utf16 ? ' (it looks like UTF-16)' : ''}`, {
      hint: utf16 ? 'save it as UTF-8' : 'is this the right file?',
    })
  }
}

function notAFile(stats: BigIntStats): string | undefined {
  if (stats.isDirectory()) return 'a folder'
  return stats.isFile() ? undefined : 'a device, pipe or socket'
}

const REASONS: Record<string, { says: string; hint: string }> = {
  ENOENT: {
    says: 'does not exist',
    hint: 'is it spelt right? Paths of the command line count from the current folder, those in a scenario from the scenario',
  },
  ENOTDIR: { says: 'does not exist (a part of the path is a file)', hint: 'is it spelt right?' },
  EACCES: { says: 'may not be read', hint: 'give yourself the permission to read it' },
  EPERM: { says: 'may not be read', hint: 'give yourself the permission to read it' },
  ELOOP: { says: 'is a link that leads round in a circle', hint: 'name the file itself' },
  ENAMETOOLONG: { says: 'is too long for a path', hint: 'is it spelt right?' },
  ERR_INVALID_ARG_VALUE: { says: 'is not a path', hint: 'is it spelt right?' },
}

function attempt<T>(shown: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown reason'
    const reason = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined
    throw new ChaosError('badInput', `${show(shown)} ${reason?.says ?? `could not be read (${code})`}`, {
      cause: error,
      ...(reason === undefined ? {} : { hint: reason.hint }),
    })
  }
}
