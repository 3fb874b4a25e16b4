import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
/** The cli of these checkouts tells how it was started. */
const CLI = 'const seen: unknown[] = [process.cwd(), process.argv.slice(2), process.versions.node]; console.log(JSON.stringify(seen))'

let folder: string
/** Its Node is too old for chaos, as on a machine with Node 20, whichever Node runs these tests. */
let oldNode: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chaos-setup-'))
  oldNode = fakeNode('20.20.2')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function fakeNode(version: string): string {
  const bin = join(folder, `node-${version}`)
  mkdirSync(bin)
  writeFileSync(join(bin, 'old.cjs'), `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`)
  writeFileSync(join(bin, 'node'), `#!/bin/sh\nexec '${process.execPath}' -r '${bin}/old.cjs' "$@"\n`, { mode: 0o755 })
  return bin
}

/** A clean clone with the real set-up and, where `dependencies` says so, the real lockfile. */
function checkout(name: string, { dependencies }: { dependencies: boolean }): string {
  const root = join(folder, name)
  mkdirSync(join(root, 'src'), { recursive: true })
  for (const file of ['chaos', 'setup.mjs', '.npmrc']) cpSync(join(ROOT, file), join(root, file))
  if (dependencies) for (const file of ['package.json', 'package-lock.json']) cpSync(join(ROOT, file), join(root, file))
  else {
    const bare = { name: 'bare', version: '1.0.0' }
    writeFileSync(join(root, 'package.json'), JSON.stringify({ ...bare, type: 'module' }))
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ ...bare, lockfileVersion: 3, requires: true, packages: { '': bare } }))
  }
  mkdirSync(join(root, 'src/stage'))
  mkdirSync(join(root, 'docker/image'), { recursive: true })
  writeFileSync(join(root, 'docker/image/Dockerfile'), '')
  writeFileSync(join(root, 'src/cli.ts'), CLI)
  writeFileSync(join(root, 'src/stage/part.ts'), '')
  // They have no bundler; what happens with one is told in bundle.test.ts.
  writeFileSync(join(root, 'bundle.mjs'), 'process.exitCode = 1')
  writeFileSync(join(root, 'bundle-page.mjs'), '')
  return root
}

interface Start {
  cwd?: string
  env?: NodeJS.ProcessEnv
}

const start = (command: string, args: string[], { cwd = folder, env = {} }: Start = {}) =>
  spawn(command, args, {
    cwd,
    env: { ...process.env, CHAOS_CACHE: join(folder, 'cache'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })

async function outcome(child: ReturnType<typeof start>) {
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: child.exitCode, stdout, stderr }
}

const chaos = (root: string, args: string[] = [], options?: Start) => outcome(start(join(root, 'chaos'), args, options))

const withPath = (first: string): NodeJS.ProcessEnv => ({ PATH: `${first}:${process.env.PATH}` })

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20)
}

const stamps = (root: string) =>
  ['.chaos-node', '.chaos-lock', '.package-lock.json'].map((name) => statSync(join(root, 'node_modules', name)).mtimeMs)

test('on a machine with an old Node the first start fetches Node and the dependencies, and the second start does nothing', async () => {
  const root = checkout('clone', { dependencies: true })
  const first = await chaos(root, ['run', 'a b.yaml', ''], { env: withPath(oldNode) })
  expect(first).toMatchObject({ code: 0, stderr: expect.stringMatching(/fetching Node 2\d.*\n.*unpacking Node\n.*npm ci.*\n.*done in/s) })
  const [cwd, args, version] = JSON.parse(first.stdout)
  expect([cwd, args]).toEqual([folder, ['run', 'a b.yaml', '']])
  expect(Number.parseInt(version, 10)).toBeGreaterThanOrEqual(22)
  expect(readFileSync(join(root, 'node_modules/.chaos-node'), 'utf8')).toContain(join(folder, 'cache', `node-${version}-`))
  expect(readdirSync(join(folder, 'cache')).filter((name) => name.startsWith('staging-'))).toEqual([])
  expect(existsSync(join(root, '.chaos-setup.lock'))).toBe(false)

  // The set-up could not run a second time: neither Node nor npm is on this PATH.
  const before = stamps(root)
  const second = await chaos(root, ['validate'], { env: { PATH: toolsOnly() } })
  expect(second).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(second.stdout)).toEqual([folder, ['validate'], version])
  expect(stamps(root)).toEqual(before)

  // `npm test` and the other scripts are `./chaos exec TOOL`.
  expect(await chaos(root, ['exec', 'tsc', '--version'], { env: { PATH: toolsOnly() } })).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Version'),
  })
  expect(await chaos(root, ['exec', 'node', '-p', 'process.versions.node'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  expect(await chaos(root, ['exec', 'no-such-tool'])).toMatchObject({ code: 2, stderr: expect.stringContaining('no tool "no-such-tool"') })
})

/** A PATH with what ./chaos may need, and no Node. */
function toolsOnly(): string {
  const bin = join(folder, 'tools')
  if (!existsSync(bin)) {
    mkdirSync(bin)
    for (const tool of ['sh', 'env', 'ls', 'cmp', 'cksum', 'readlink'])
      symlinkSync(existsSync(`/usr/bin/${tool}`) ? `/usr/bin/${tool}` : `/bin/${tool}`, join(bin, tool))
  }
  return bin
}

test('two first starts at once both succeed, and only one of them installs', async () => {
  const root = checkout('twice', { dependencies: false })
  const both = await Promise.all([chaos(root, ['1']), chaos(root, ['2'])])
  expect(both.map(({ code, stdout }) => [code, JSON.parse(stdout)[1]])).toEqual([
    [0, ['1']],
    [0, ['2']],
  ])
  expect(both.filter(({ stderr }) => stderr.includes('npm ci'))).toHaveLength(1)
  expect(both.filter(({ stderr }) => stderr.includes('the other process has done it'))).toHaveLength(1)
  expect(existsSync(join(root, '.chaos-setup.lock'))).toBe(false)
})

test('two checkouts that fetch Node into one cache at once both get it', async () => {
  const cache = join(folder, 'shared-cache')
  const options = { env: { ...withPath(oldNode), CHAOS_CACHE: cache } }
  const both = await Promise.all(['one', 'other'].map((name) => chaos(checkout(name, { dependencies: false }), ['x'], options)))
  expect(both.map(({ code }) => code)).toEqual([0, 0])
  expect(readdirSync(cache).filter((name) => name !== 'compile-cache')).toEqual([expect.stringMatching(/^node-2/)])
})

/** Starts a set-up with the real dependencies and comes back in the middle of `npm ci`. */
async function stopInTheMiddle(root: string, stop: (child: ChildProcess, setup: number) => void) {
  const child = start(join(root, 'chaos'), [])
  const ended = outcome(child)
  const workshop = join(root, '.chaos-setup.lock')
  const staging = () => (existsSync(workshop) ? readdirSync(workshop).find((name) => name.startsWith('staging-')) : undefined)
  await until(() => existsSync(join(workshop, staging() ?? 'none', 'node_modules')))
  stop(child, Number(readlinkSync(join(workshop, 'owner'))))
  return await ended
}

test('after kill -9 in the middle of a set-up nothing counts as installed, and the next start sets up', async () => {
  const root = checkout('killed', { dependencies: true })
  await stopInTheMiddle(root, (child, setup) => {
    process.kill(setup, 'SIGKILL')
    child.kill('SIGKILL')
  })
  expect(existsSync(join(root, 'node_modules'))).toBe(false)
  expect(readdirSync(join(root, '.chaos-setup.lock'))).toContain('owner')
  expect(await chaos(root)).toMatchObject({ code: 0, stderr: expect.stringContaining('npm ci') })
  expect(existsSync(join(root, '.chaos-setup.lock'))).toBe(false)
})

test('Ctrl-C in the middle of a set-up leaves nothing', async () => {
  const root = checkout('interrupted', { dependencies: true })
  const { stderr } = await stopInTheMiddle(root, (child) => process.kill(-(child.pid as number), 'SIGINT'))
  expect(stderr).toContain('set-up interrupted')
  expect(readdirSync(root).sort()).toEqual([
    '.npmrc',
    'bundle-page.mjs',
    'bundle.mjs',
    'chaos',
    'docker',
    'package-lock.json',
    'package.json',
    'setup.mjs',
    'src',
  ])
})

test('a start from another folder through a symbolic link keeps the folder', async () => {
  const root = checkout('linked', { dependencies: false })
  symlinkSync('linked/chaos', join(folder, 'link'))
  symlinkSync('link', join(folder, 'link-to-link'))
  const elsewhere = join(folder, 'else where')
  mkdirSync(elsewhere)
  const { stdout } = await outcome(start('../link-to-link', ['run', './x.yaml'], { cwd: elsewhere }))
  expect(JSON.parse(stdout).slice(0, 2)).toEqual([elsewhere, ['run', './x.yaml']])
  expect(existsSync(join(root, 'node_modules/.chaos-node'))).toBe(true)
})

test('a changed lockfile is installed at the next start', async () => {
  const root = checkout('changed', { dependencies: false })
  await chaos(root)
  const lockfile = join(root, 'package-lock.json')
  writeFileSync(lockfile, `${readFileSync(lockfile, 'utf8')}\n`)
  expect((await chaos(root)).stderr).toContain('npm ci')
  expect(await chaos(root)).toMatchObject({ code: 0, stderr: '' })
})

test('without Node, with a too old Node, and without npm, chaos says what to install and ends with 3', async () => {
  const root = checkout('nothing', { dependencies: false })
  const without = await chaos(root, [], { env: { PATH: toolsOnly() } })
  expect(without).toMatchObject({ code: 3, stderr: expect.stringContaining('Install Node.js 20 or newer with npm') })
  const old = fakeNode('18.20.0')
  expect(await chaos(root, [], { env: withPath(old) })).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('18.20.0, which is too old'),
  })
  const withoutNpm = await chaos(root, [], { env: { PATH: `${oldNode}:${toolsOnly()}` } })
  expect(withoutNpm).toMatchObject({ code: 3, stderr: expect.stringContaining('npm is not installed') })
})

test('a cache that cannot be written ends with 3 and names CHAOS_CACHE', async () => {
  const root = checkout('no-cache', { dependencies: false })
  const result = await chaos(root, [], { env: { ...withPath(oldNode), CHAOS_CACHE: '/dev/null/cache' } })
  expect(result).toMatchObject({ code: 3, stderr: expect.stringMatching(/cannot write to \/dev\/null\/cache.*CHAOS_CACHE=/s) })
})

test('where npm fails, its errors are shown, and the next start tries again', async () => {
  const root = checkout('broken', { dependencies: false })
  const manifest = join(root, 'package.json')
  const good = readFileSync(manifest)
  writeFileSync(manifest, JSON.stringify({ ...JSON.parse(String(good)), dependencies: { yaml: '2.9.1' } }))
  const broken = await chaos(root)
  expect(broken).toMatchObject({ code: 3, stdout: '', stderr: expect.stringMatching(/`npm ci` ended with exit code 1.*Missing: yaml/s) })
  writeFileSync(manifest, good)
  expect(await chaos(root)).toMatchObject({ code: 0 })
})
