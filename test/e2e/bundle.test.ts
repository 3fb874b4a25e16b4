import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { chaos as chaosOf, newFolder, ROOT, type Start, start, until, writeScenario } from '../helpers/run.ts'

/** A checkout that is set up and has no bundle yet. */
let root: string
let bundles: string
beforeAll(() => {
  root = newFolder()
  for (const name of ['chaos', 'setup.mjs', 'bundle.mjs', 'bundle-page.mjs', 'package.json', 'package-lock.json', 'src', 'docker'])
    cpSync(join(ROOT, name), join(root, name), { recursive: true })
  // Links to the files, since a copy takes seconds.
  execFileSync('cp', ['-al', join(ROOT, 'node_modules'), root])
  bundles = join(root, 'node_modules/.chaos')
})
beforeEach(() => rmSync(bundles, { recursive: true, force: true }))

const chaos = (args: readonly string[], options: Start = {}) => chaosOf(args, { ...options, program: join(root, 'chaos') })
const help = async () => (await chaos(['--help'])).stdout
const onlyBundle = () => {
  const names = readdirSync(bundles)
  expect(names).toHaveLength(1)
  return join(bundles, names[0] as string)
}

test('an edited, an added and a removed source each get a bundle of their own at the next start', async () => {
  const before = await help()
  const first = onlyBundle()
  const main = join(root, 'src/main.ts')
  const text = readFileSync(main, 'utf8')
  const { atime, mtime } = statSync(main)
  // Of the same size and age: only what is in it tells the difference.
  writeFileSync(main, text.replace('Chaos tests for services', 'CHAOS tests for services'))
  utimesSync(main, atime, mtime)
  expect(await help()).toBe(before.replace('Chaos tests', 'CHAOS tests'))
  expect(readdirSync(bundles)).toHaveLength(2)

  const added = join(root, 'src/report/added.ts')
  writeFileSync(main, text)
  writeFileSync(added, 'export const added = 1\n')
  expect(await help()).toBe(before)
  expect(readdirSync(bundles)).toHaveLength(3)

  rmSync(added)
  const { ino, mtimeMs } = statSync(join(first, 'dist/chaos.cjs'))
  expect(await help()).toBe(before)
  expect(readdirSync(bundles)).toHaveLength(3)
  expect(statSync(join(first, 'dist/chaos.cjs'))).toMatchObject({ ino, mtimeMs })
})

test('first starts at the same time all succeed, and leave one bundle and nothing else', async () => {
  const all = await Promise.all([1, 2, 3].map(() => chaos(['--version'])))
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  expect(all).toEqual(all.map(() => ({ code: 0, stdout: `${version}\n`, stderr: '' })))
  expect(readdirSync(onlyBundle()).sort()).toEqual(['dist', 'docker', 'package.json'])
})

test('kill -9 while the bundle is made leaves nothing half made, and the next start has one', async () => {
  const killed = start(['--version'], { program: join(root, 'chaos') })
  await until('a bundle is begun', () => existsSync(bundles) && readdirSync(bundles).length > 0)
  killed.process.kill('SIGKILL')
  // It may have been done before it knew: it gets this name when it is whole.
  const isWhole = (name: string) => /^\d+-\d+$/.test(name)
  await until('nothing goes on', () => killed.alive().length === 0 && readdirSync(bundles).every(isWhole))
  expect(await chaos(['--version'])).toMatchObject({ code: 0, stderr: '' })
  onlyBundle()
})

test('sources that are edited while they are bundled leave no bundle: it would not be what it is called', async () => {
  const main = join(root, 'src/main.ts')
  const text = readFileSync(main, 'utf8')
  const edited = start(['--version'], { program: join(root, 'chaos') })
  await until('a bundle is begun', () => existsSync(bundles) && readdirSync(bundles).length > 0)
  writeFileSync(main, `${text}\n`)
  expect(await edited.finished).toMatchObject({ code: 0, stderr: expect.stringContaining('they were changed meanwhile') })
  writeFileSync(main, text)
  expect(readdirSync(bundles)).toEqual([])
})

test('bundles that were not started for a day go when a new one is made, but not those that a run may still use', async () => {
  await help()
  const [old, young, used] = [join(bundles, '1-1'), join(bundles, '2-2'), onlyBundle()] as const
  for (const path of [old, young]) mkdirSync(path, { recursive: true })
  const twoDaysAgo = Date.now() / 1000 - 2 * 24 * 3600
  for (const path of [old, used]) utimesSync(path, twoDaysAgo, twoDaysAgo)
  await help()
  const main = join(root, 'src/main.ts')
  const text = readFileSync(main, 'utf8')
  writeFileSync(main, `${text}\n`)
  await help()
  writeFileSync(main, text)
  expect([old, young, used].map((path) => existsSync(path))).toEqual([false, true, true])
})

test('where no bundle can be written, the sources run as they are, and it is said why', async () => {
  writeFileSync(bundles, 'a file where the folder should be')
  const seen = await chaos(['validate', 'no-such.yaml'])
  expect(seen).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/cannot be bundled, and start more slowly.*no-such\.yaml/s),
  })
  expect(readFileSync(bundles, 'utf8')).toContain('a file')
})

test('a run keeps the code that V8 made of the bundle, later ones use it, and what is no such code does no harm', async () => {
  const folder = newFolder()
  const run = () => chaos(['run', writeScenario(folder, { seconds: 0.5 }), '--out', join(folder, 'out')])
  const ended = expect.not.toBeOneOf([2, 3])
  expect(await run()).toMatchObject({ code: ended })
  const code = join(onlyBundle(), 'dist/chaos.v8')
  const { ino } = statSync(code)
  expect(await run()).toMatchObject({ code: ended })
  expect(statSync(code).ino).toBe(ino)

  const whole = readFileSync(code)
  for (const broken of [whole.subarray(0, whole.length / 2), Buffer.alloc(whole.length), Buffer.alloc(0)]) {
    rmSync(code)
    writeFileSync(code, broken)
    expect(await chaos(['--version'])).toMatchObject({ code: 0, stderr: '' })
  }
  expect(await run()).toMatchObject({ code: ended })
  expect(statSync(code).size).toBeGreaterThan(whole.length / 2)
  expect(readdirSync(join(onlyBundle(), 'dist')).sort()).toEqual([
    'chaos.cjs',
    'chaos.v8',
    'report-page.html',
    'runner.cjs',
    'start.cjs',
    'sweeper.cjs',
    'testcontainers.cjs',
    'upstream.cjs',
  ])
})

test('a run that is repeated as its report says is started by ./chaos', async () => {
  const folder = newFolder()
  const out = join(folder, 'out')
  await chaos(['run', writeScenario(folder, { seconds: 0.5 }), '--out', out], { cwd: root })
  expect(JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')).command[0]).toBe('./chaos')
})

test('what a run with Docker loads is all of testcontainers, but for what it never calls', async () => {
  await help()
  const path = join(onlyBundle(), 'dist/testcontainers.cjs')
  const { createRequire } = await import('node:module')
  const load = createRequire(import.meta.url)
  expect(Object.keys(load(path) as object).sort()).toEqual(Object.keys(load('testcontainers') as object).sort())
  // The bundler names each module that it takes in.
  const taken = [...readFileSync(path, 'utf8').matchAll(/^\/\/ node_modules\/(?:.*node_modules\/)?((?:@[^/]+\/)?[^/\n]+)/gm)].map(
    (match) => match[1],
  )
  const modules = (name: string) => taken.filter((one) => one === name).length
  expect(modules('dockerode')).toBeGreaterThan(10)
  // Of those that it may call one day there is what loads them.
  expect(['ssh2', '@grpc/grpc-js', 'undici', 'archiver'].map(modules)).toEqual([0, 0, 1, 1])
})
