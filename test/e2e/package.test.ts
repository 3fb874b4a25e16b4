import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, relative } from 'node:path'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { daemon, needsDocker, ownImages } from '../helpers/docker.ts'

const ROOT = join(import.meta.dirname, '../..')
const MANIFEST = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

/** npm, and the package itself, run on the Node that these tests run on. */
const ENV = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` }

const own = ownImages()

let folder: string
let project: string
let installed: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chaos-package-'))
  project = join(folder, 'project')
  installed = join(project, 'node_modules', MANIFEST.name)
  mkdirSync(project)
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: ROOT, env: ENV, stdio: 'pipe' })
  const archive = join(folder, `${MANIFEST.name}-${MANIFEST.version}.tgz`)
  execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefix', project, archive], {
    cwd: project,
    env: ENV,
    stdio: 'pipe',
  })
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function chaos(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...ENV, CHAOS_ENVOY: inject('envoy') }
  return new Promise((done) => {
    execFile(join(project, 'node_modules/.bin/chaos'), args, { cwd: project, env }, (error, stdout, stderr) => {
      done({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr })
    })
  })
}

function filesBelow(root: string): string[] {
  return readdirSync(root, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
}

test('the package holds the compiled programs and the scenarios, and nothing of the checkout besides', () => {
  const files = filesBelow(installed).filter((file) => !file.startsWith('node_modules'))
  expect(files).toEqual(
    expect.arrayContaining(['package.json', 'dist/cli.js', 'dist/upstream/main.js', 'dist/report-page.html', 'scenarios/quickstart.yaml']),
  )
  const folders = new Set(files.filter((file) => file.includes('/')).map((file) => file.slice(0, file.indexOf('/'))))
  expect([...folders].filter((name) => !MANIFEST.files.includes(name))).toEqual([])
  expect(files.filter((file) => /\.test\.|\.tgz$|^setup\.mjs$|^chaos$/.test(file))).toEqual([])
})

test('the package brings no Node and no Envoy binary, not as a dependency either', () => {
  const modules = join(project, 'node_modules')
  const large = filesBelow(modules).filter((file) => statSync(join(modules, file)).size > 5_000_000)
  expect(large).toEqual([])
  expect(readdirSync(modules).filter((name) => /^node(-|$)/.test(name))).toEqual([])
  expect(Object.keys(MANIFEST.dependencies).filter((name) => /^node(-|$)|envoy/.test(name))).toEqual([])
})

test('the installed `chaos --version` prints the version of the package', async () => {
  expect(readFileSync(join(installed, 'dist/cli.js'), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  expect(await chaos('--version')).toEqual({ code: 0, stdout: `${MANIFEST.version}\n`, stderr: '' })
})

test('the installed chaos validates and runs a scenario that it ships', async () => {
  const scenario = join(installed, 'scenarios/quickstart.yaml')
  expect(existsSync(scenario)).toBe(true)
  expect(await chaos('validate', scenario)).toMatchObject({ code: 0 })
  expect(await chaos('run', scenario)).toMatchObject({ code: 0 })
})

test('the installed chaos writes a first scenario, with the schema of the package, for the command that CI is told', async () => {
  expect(await chaos('init', '--upstream', 'inventory', '--ci', 'chaos.gitlab-ci.yml')).toMatchObject({ code: 0, stderr: '' })
  const [first = ''] = readFileSync(join(project, 'chaos.yaml'), 'utf8').split('\n')
  const [, schema = ''] = /^# yaml-language-server: \$schema=(node_modules\/.*)$/.exec(first) ?? []
  expect(existsSync(join(project, schema))).toBe(true)
  expect(await chaos('validate', 'chaos.yaml')).toMatchObject({ code: 0, stderr: '' })
  expect(readFileSync(join(project, 'chaos.gitlab-ci.yml'), 'utf8')).toContain('npx --no -- chaos run chaos.yaml')
  expect(execFileSync('npx', ['--no', '--', 'chaos', '--version'], { cwd: project, env: ENV, encoding: 'utf8' })).toBe(
    `${MANIFEST.version}\n`,
  )
})

test('chaos doctor of the package tells what the machine can run', async () => {
  const { code, stdout } = await chaos('doctor', '--json')
  expect(code).toBe(0)
  expect(JSON.parse(stdout).runtimes.process).toMatchObject({ ready: true })
})

test.skipIf(await needsDocker())('the image of the stub is built from the package, and its program starts', async () => {
  const program = `
    import { connectDaemon } from ${JSON.stringify(join(installed, 'dist/containers/daemon.js'))}
    import { findImages } from ${JSON.stringify(join(installed, 'dist/containers/images.js'))}
    import { stubImage, stubProgramInImage } from ${JSON.stringify(join(installed, 'dist/containers/stub-image.js'))}
    const daemon = await connectDaemon(process.env)
    const { node } = await findImages(daemon, { env: process.env })
    console.log(JSON.stringify({ image: await stubImage(daemon, { base: node, local: ${JSON.stringify(own)} }), path: stubProgramInImage() }))
    process.exit()
  `
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: project, env: ENV, encoding: 'utf8' })
  const { image, path } = JSON.parse(said)
  expect(path).toBe('/chaos/program/upstream/main.js')
  const container = await daemon().dockerode.createContainer({ Image: image, Cmd: ['node', path], HostConfig: { NetworkMode: 'none' } })
  try {
    await container.start()
    await container.wait()
    // Without what it is to serve.
    expect((await container.logs({ stdout: true, stderr: true })).toString()).toMatch(/stub: usage: node main\.ts SPEC\.json\|-\n$/)
  } finally {
    await container.remove({ force: true })
  }
})
