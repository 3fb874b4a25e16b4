// Makes the bundle that ./chaos starts: each program of src, with what it needs of node_modules, in one file. Started by
// ./chaos where the bundle of these sources is missing:
//
//   node bundle.mjs FOLDER PID CHECKSUM
//
// FOLDER bears the checksum of the sources, so whoever finds it has the right one, and it never changes: a run that goes
// on while sources are edited keeps its own. It is made aside and put in place by a rename; where that is not possible,
// ./chaos starts the sources as they are. PID is that of ./chaos: when it is gone, so is this. CHECKSUM is the command that
// gave FOLDER its name.
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const PROGRAMS = {
  start: 'src/start.ts',
  chaos: 'src/main.ts',
  upstream: 'src/upstream/main.ts',
  runner: 'src/runner/main.ts',
  sweeper: 'src/sweeper/main.ts',
}
/** Only runs with Docker need it, so it is a file of its own: 4 MB that would be read at every start. */
const OF_DOCKER = 'testcontainers'
/** Needed only where an app is built; a native helper of ssh that need not be there. Required from node_modules, above the bundle. */
const LEFT_OUT = ['@balena/dockerignore', 'cpu-features', /\.node$/]
/**
 * What testcontainers loads for what no run of ours asks of it: builds by BuildKit, a daemon behind ssh, ports of the host,
 * files of the host, readiness by HTTP. It is two thirds of the time to load it, so each is left in node_modules until it
 * is used.
 */
const RARE = {
  'dockerode/lib/session': 'a function',
  'docker-modem/lib/ssh': 'a function',
  archiver: 'a function',
  'ssh-remote-port-forward': 'functions',
  undici: 'functions',
}
/** No run goes on for so long: bundles that were not started since, and what a killed start left, are not needed any more. */
const OLD_MS = 24 * 3600 * 1000

const root = dirname(fileURLToPath(import.meta.url))
const folder = resolve(process.argv[2])
const staging = `${folder}.${process.pid}`
const starter = Number(process.argv[3])
const checksum = process.argv[4]

process.on('exit', () => fs.rmSync(staging, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))
setInterval(() => process.ppid === starter || process.exit(1), 50).unref()

try {
  fs.mkdirSync(join(staging, 'dist'), { recursive: true })
  for (const [name, input] of Object.entries(PROGRAMS)) await bundle(name, input, { [OF_DOCKER]: `./${OF_DOCKER}.cjs` })
  const { reportPage } = await import('./bundle-page.mjs')
  fs.writeFileSync(join(staging, 'dist/report-page.html'), await reportPage())
  await bundle(OF_DOCKER, OF_DOCKER, {}, [whenUsed()])
  fs.copyFileSync(join(root, 'package.json'), join(staging, 'package.json'))
  fs.cpSync(join(root, 'docker'), join(staging, 'docker'), { recursive: true })
  refuseChanged()
  putInPlace()
  sweep(dirname(folder))
} catch (error) {
  process.stderr.write(`chaos: its sources cannot be bundled, and start more slowly as they are: ${error.message}\n`)
  process.exit(1)
}

/** CommonJS, since an `import` of a module of Node reads all that it has, and so loads much that nobody needs. */
async function bundle(name, input, files, rare = []) {
  const { rolldown } = await import('rolldown')
  const made = await rolldown({
    cwd: root,
    input: { [name]: input },
    plugins: [beside(files), ...rare],
    external: LEFT_OUT,
    platform: 'node',
    logLevel: 'silent',
  })
  // Written here: threads of rolldown's would go on to write while the exit removes the folder.
  const { output } = await made.generate({ format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false, dynamicImportInCjs: false })
  for (const { fileName, code } of output) fs.writeFileSync(join(staging, 'dist', fileName), code)
  await made.close()
}

/** Packages that are files of the bundle. */
function beside(files) {
  return { name: 'beside', resolveId: (id) => (Object.hasOwn(files, id) ? { id: files[id], external: true } : null) }
}

/** In place of each rare thing stands one that loads it when it is used. */
function whenUsed() {
  const { resolve } = createRequire(import.meta.url)
  const stands = Object.entries(RARE).map(([name, what]) => {
    const load = `require('rare:${name}')`
    return [
      resolve(name),
      what === 'a function'
        ? `module.exports = (...given) => ${load}(...given)`
        : `module.exports = new Proxy({}, { get: (_, name) => ${load}[name] })`,
    ]
  })
  const codeOf = new Map(stands)
  return {
    name: 'when-used',
    load: (id) => codeOf.get(id) ?? null,
    resolveId: (id) => (id.startsWith('rare:') ? { id: id.slice('rare:'.length), external: true } : null),
  }
}

/** What was edited while it was read is not what the folder is called by, and would be taken for that from then on. */
function refuseChanged() {
  const sum = execFileSync('/bin/sh', ['-c', checksum], { cwd: root, encoding: 'utf8' }).trim()
  if (sum.replace(' ', '-') !== basename(folder)) throw new Error('they were changed meanwhile')
}

function putInPlace() {
  try {
    fs.renameSync(staging, folder)
  } catch (error) {
    // Another start was first: its bundle is of the same sources.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
  }
}

function sweep(parent) {
  for (const name of fs.readdirSync(parent)) {
    const path = join(parent, name)
    if (Date.now() - fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs > OLD_MS) fs.rmSync(path, { recursive: true, force: true })
  }
}
