import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

/** The flow, from the first stage to the last. A file imports only from its own stage and from earlier ones. */
const ORDER = [
  'errors.ts',
  'units.ts',
  'random.ts',
  'numbers.ts',
  'wall-clock.ts',
  'lean-heap.ts',
  'node-http.ts',
  'statistics',
  'value',
  'content',
  'traffic-log',
  'fault',
  'scenario',
  'upstream',
  'plan',
  'predict',
  'envoy',
  'fragment',
  'load',
  'program.ts',
  'containers',
  'sweeper',
  'topology',
  'doctor',
  'runner',
  'observe',
  'verdict',
  'happened',
  'report',
  'page',
  'browser',
  'evidence',
  'terminal.ts',
  'live',
  'init',
  'prepare.ts',
  'line-file.ts',
  'write-whole.ts',
  'recorder.ts',
  'file-chunks.ts',
  'chunk-file.ts',
  'log-lots.ts',
  'stored-evidence.ts',
  'results-folder.ts',
  'page-template.ts',
  'write-reports.ts',
  'conduct.ts',
  'run.ts',
  'commands',
  'main.ts',
  'node-version.ts',
  'cli.ts',
  'start.ts',
]

/** Where processes, sockets, files, clocks and the environment may be touched. Everything else is a function of its arguments. */
const SHELL = [
  'wall-clock.ts',
  'lean-heap.ts',
  'node-http.ts',
  'upstream/',
  'load/',
  'program.ts',
  'containers/',
  'sweeper/',
  'topology/',
  'doctor/',
  'runner/',
  'scenario/read.ts',
  'scenario/programs.ts',
  'scenario/build-folders.ts',
  'terminal.ts',
  'live/live.ts',
  'live/loopback.ts',
  'live/metrics-server.ts',
  'live/page-server.ts',
  'prepare.ts',
  'line-file.ts',
  'write-whole.ts',
  'recorder.ts',
  'file-chunks.ts',
  'chunk-file.ts',
  'log-lots.ts',
  'stored-evidence.ts',
  'results-folder.ts',
  'conduct.ts',
  'run.ts',
  'page-template.ts',
  'write-reports.ts',
  'commands/',
  'main.ts',
  'node-version.ts',
  'cli.ts',
  'start.ts',
]
const WORLD_MODULE = /^(node:(?!(util|module)$)|undici|log-update|testcontainers|tar-stream)/
const WORLD_GLOBAL = /\b(Date\.now|new Date\(\)|Math\.random|performance\.|process\.|setTimeout\(|setInterval\(|fetch\()/

const SRC = resolve(import.meta.dirname, '../../src')
const files = walk(SRC).map((file) => relative(SRC, file))

function walk(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? walk(path) : path.endsWith('.ts') ? [path] : []
  })
}

const textOf = (file: string) => readFileSync(join(SRC, file), 'utf8')
const stageOf = (file: string) => file.split('/')[0] as string

function importsOf(file: string): string[] {
  return [...textOf(file).matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] as string)
}

describe('the direction of imports', () => {
  test('every stage of src is in the order, and the order names no stage that is gone', () => {
    expect([...new Set(files.map(stageOf))].sort()).toEqual([...ORDER].sort())
  })

  test.each(files)('%s imports from its own stage and from earlier ones only', (file) => {
    const own = ORDER.indexOf(stageOf(file))
    const later = importsOf(file)
      .filter((path) => path.startsWith('.'))
      .map((path) => relative(SRC, resolve(join(SRC, dirname(file)), path)))
      .filter((target) => ORDER.indexOf(stageOf(target)) > own)
    expect(later).toEqual([])
  })

  test('load and topology do not know each other: conduct.ts introduces them', () => {
    const crossing = files.filter(
      (file) =>
        (file.startsWith('load/') && importsOf(file).some((path) => path.includes('/topology/'))) ||
        (file.startsWith('topology/') && importsOf(file).some((path) => path.includes('/load/'))),
    )
    expect(crossing).toEqual([])
  })

  test('src knows nothing of its tests and benches', () => {
    const outside = files.flatMap((file) =>
      importsOf(file).filter((path) => path.startsWith('.') && relative(SRC, resolve(join(SRC, dirname(file)), path)).startsWith('..')),
    )
    expect(outside).toEqual([])
  })

  test('src is at most two levels deep', () => {
    expect(files.filter((file) => file.split('/').length > 2)).toEqual([])
  })
})

describe('the pure core', () => {
  const pure = files.filter((file) => !SHELL.some((place) => (place.endsWith('/') ? file.startsWith(place) : file === place)))

  test.each(pure)('%s touches no file, socket, process, clock or chance', (file) => {
    expect(importsOf(file).filter((path) => WORLD_MODULE.test(path))).toEqual([])
    const code = textOf(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
    expect(WORLD_GLOBAL.exec(code)?.[0]).toBeUndefined()
  })

  test('nothing is written to stdout or stderr but by terminal.ts, which keeps commands of GitHub out, and as such a command', () => {
    const own = ['terminal.ts', 'commands/github.ts', 'runner/main.ts', 'upstream/main.ts', 'sweeper/main.ts', 'cli.ts']
    const elsewhere = files.filter((file) => /process\.std(out|err)\.write|console\./.test(textOf(file)) && !own.includes(file))
    expect(elsewhere).toEqual([])
  })

  test('process.env is read, and process.exit called, in the outermost shell only', () => {
    const outer = ['main.ts', 'cli.ts', 'terminal.ts', 'upstream/main.ts', 'runner/main.ts', 'sweeper/main.ts']
    const elsewhere = files.filter(
      (file) =>
        /process\.(env|exit\b)/.test(textOf(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')) &&
        !outer.includes(file) &&
        !file.startsWith('commands/'),
    )
    expect(elsewhere).toEqual([])
  })
})
